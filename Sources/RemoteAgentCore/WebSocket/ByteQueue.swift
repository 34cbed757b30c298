/// Bytes appended at one end and consumed at the other, in one contiguous piece of memory.
struct ByteQueue: Sendable {
  private var bytes: [UInt8] = []
  private var start = 0

  /// What an empty queue may keep of its memory; more is given back, since a hub has thousands of idle connections.
  private static let keptCapacity = 16_384

  var count: Int { bytes.count &- start }
  var isEmpty: Bool { count == 0 }

  mutating func append(_ more: UnsafeRawBufferPointer) {
    if start > 0, bytes.count + more.count > bytes.capacity, start >= count {
      bytes.removeSubrange(..<start)
      start = 0
    }
    bytes.append(contentsOf: more)
  }

  /// Puts the last `count` bytes under a mask.
  mutating func maskLast(_ count: Int, key: UInt32) {
    bytes.withUnsafeMutableBytes { all in
      let tail = UnsafeMutableRawBufferPointer(rebasing: all[(all.count - count)...])
      guard let destination = tail.baseAddress else { return }
      _ = WebSocketMask.apply(key, from: UnsafeRawBufferPointer(tail), to: destination)
    }
  }

  @inline(__always)
  func withUnread<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try bytes.withUnsafeBufferPointer { (all) throws(Failure) in
      try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(all)[start...]))
    }
  }

  /// - Parameter count: at most `self.count`.
  mutating func consume(_ count: Int) {
    start += count
    if start == bytes.count { removeAll() }
  }

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: bytes.capacity <= ByteQueue.keptCapacity)
    start = 0
  }

  mutating func take(_ maximum: Int) -> [UInt8] {
    if start == 0, maximum >= bytes.count {
      let all = bytes
      bytes = []
      return all
    }
    let end = start + min(maximum, count)
    let taken = Array(bytes[start..<end])
    consume(taken.count)
    return taken
  }
}
