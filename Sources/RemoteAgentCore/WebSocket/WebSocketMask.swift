/// Masking and unmasking (RFC 6455 section 5.3), eight bytes at a time.
///
/// A key is held as it is in memory, first byte lowest, and is turned as far as the payload has been gone through.
enum WebSocketMask {
  /// The key for what follows `count` bytes under `key`.
  @inline(__always)
  static func advanced(_ key: UInt32, by count: Int) -> UInt32 {
    let turn = UInt32(truncatingIfNeeded: count & 3) &* 8
    return turn == 0 ? key : key &>> turn | key &<< (32 &- turn)
  }

  /// Writes `source` under `key` to `destination`, which may be the same memory, and returns all written bytes ored
  /// together: no byte was beyond ASCII if none of its high bits is set.
  @inline(__always)
  static func apply(_ key: UInt32, from source: UnsafeRawBufferPointer, to destination: UnsafeMutableRawPointer)
    -> UInt64
  {
    guard let base = source.baseAddress else { return 0 }
    let wide = UInt64(key) | UInt64(key) &<< 32
    let count = source.count
    var seen: UInt64 = 0
    var index = 0
    while index &+ 8 <= count {
      let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: index, as: UInt64.self)) ^ wide
      destination.storeBytes(of: word.littleEndian, toByteOffset: index, as: UInt64.self)
      seen |= word
      index &+= 8
    }
    var rest = wide
    while index < count {
      let byte = base.load(fromByteOffset: index, as: UInt8.self) ^ UInt8(truncatingIfNeeded: rest)
      destination.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
      seen |= UInt64(byte)
      rest &>>= 8
      index &+= 1
    }
    return seen
  }
}
