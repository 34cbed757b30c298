/// What stands before a frame's payload (RFC 6455 section 5.2).
struct WebSocketFrameHeader: Sendable, Equatable {
  let opcode: WebSocketOpcode
  let isFinal: Bool
  let payloadCount: Int
  /// First byte lowest; 0, which changes nothing, in a frame without a mask.
  let key: UInt32
  /// The header's own bytes, 2 to 14.
  let count: Int

  /// What the receiver knows, by which a header is right or wrong.
  struct Context {
    let role: WebSocketConnection.Role
    let isWithinMessage: Bool
    /// How many bytes more the message may have.
    let room: Int
  }

  /// Reads the header that `bytes` begin with; nil if more bytes are needed. A violation is thrown by the first bytes that
  /// show it.
  static func read(
    _ bytes: UnsafeRawBufferPointer, in context: Context
  ) throws(WebSocketViolation) -> WebSocketFrameHeader? {
    guard bytes.count >= 2 else { return nil }
    let first = bytes[0]
    let second = bytes[1]
    guard first & 0x70 == 0 else { throw .protocol("reserved bit is set") }
    guard let opcode = WebSocketOpcode(rawValue: first & 0x0F) else { throw .protocol("reserved opcode") }
    let isFinal = first & 0x80 != 0
    let isMasked = second & 0x80 != 0
    let short = second & 0x7F
    switch opcode {
    case .close, .ping, .pong:
      guard isFinal else { throw .protocol("control frame is fragmented") }
      guard short <= 125 else { throw .protocol("control frame is too long") }
    case .continuation:
      guard context.isWithinMessage else { throw .protocol("continuation without a message") }
    case .text, .binary:
      guard !context.isWithinMessage else { throw .protocol("message within a message") }
    }
    guard isMasked == (context.role == .server) else {
      throw .protocol(isMasked ? "frame of a server is masked" : "frame of a client is not masked")
    }
    guard let (payloadCount, lengthEnd) = try length(bytes, short: short) else { return nil }
    guard opcode.isControl || payloadCount <= UInt64(context.room) else { throw .tooLarge }
    let count = lengthEnd + (isMasked ? 4 : 0)
    guard bytes.count >= count else { return nil }
    let key = isMasked ? UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: lengthEnd, as: UInt32.self)) : 0
    return WebSocketFrameHeader(
      opcode: opcode, isFinal: isFinal, payloadCount: Int(payloadCount), key: key, count: count)
  }

  private static func length(
    _ bytes: UnsafeRawBufferPointer, short: UInt8
  ) throws(WebSocketViolation) -> (UInt64, end: Int)? {
    switch short {
    case 126:
      guard bytes.count >= 4 else { return nil }
      let length = UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
      guard length > 125 else { throw .protocol("length is not minimal") }
      return (UInt64(length), 4)
    case 127:
      guard bytes.count >= 10 else { return nil }
      let length = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
      guard length >> 63 == 0 else { throw .protocol("length has its top bit set") }
      guard length > 65_535 else { throw .protocol("length is not minimal") }
      return (length, 10)
    default:
      return (UInt64(short), 2)
    }
  }

  /// Appends the header of an unfragmented frame; `key` is nil for a frame without a mask.
  @inline(__always)
  static func append(_ opcode: WebSocketOpcode, payloadCount: Int, key: UInt32?, to queue: inout ByteQueue) {
    var words: (UInt64, UInt64) = (0, 0)
    withUnsafeMutableBytes(of: &words) { header in
      let maskBit: UInt8 = key == nil ? 0 : 0x80
      header[0] = 0x80 | opcode.rawValue
      var count = 2
      if payloadCount <= 125 {
        header[1] = maskBit | UInt8(truncatingIfNeeded: payloadCount)
      } else if payloadCount <= 65_535 {
        header[1] = maskBit | 126
        header.storeBytes(of: UInt16(truncatingIfNeeded: payloadCount).bigEndian, toByteOffset: 2, as: UInt16.self)
        count = 4
      } else {
        header[1] = maskBit | 127
        header.storeBytes(of: UInt64(payloadCount).bigEndian, toByteOffset: 2, as: UInt64.self)
        count = 10
      }
      if let key {
        header.storeBytes(of: key.littleEndian, toByteOffset: count, as: UInt32.self)
        count += 4
      }
      queue.append(UnsafeRawBufferPointer(rebasing: header[..<count]))
    }
  }
}
