/// Bytes appended at one end and consumed at the other, in one contiguous piece of memory.
///
/// Memory is kept while it is used: giving it back and faulting it in again for each piece of a stream costs more than the
/// work on the bytes. A hub has thousands of connections that are idle after a burst, so memory is given back when little
/// of it was used several times over, and at once beyond `mostKept`.
package struct ByteQueue: Sendable {
  private var bytes: [UInt8] = []
  private var start = 0
  private var littleUsed = 0

  package init() {}

  private static let mostKept = 262_144
  private static let leastGivenBack = 8192
  private static let patience = 8

  package var count: Int { bytes.count &- start }
  package var isEmpty: Bool { count == 0 }

  package mutating func append(_ more: UnsafeRawBufferPointer) {
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

  package func withUnread<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try bytes.withUnsafeBufferPointer { (all) throws(Failure) in
      try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(all)[start...]))
    }
  }

  /// - Parameter count: at most `self.count`.
  package mutating func consume(_ count: Int) {
    start += count
    if start == bytes.count { removeAll() }
  }

  package mutating func removeAll() {
    let capacity = bytes.capacity
    littleUsed = capacity >= ByteQueue.leastGivenBack && bytes.count < capacity / 8 ? littleUsed + 1 : 0
    let isKept = capacity <= ByteQueue.mostKept && littleUsed < ByteQueue.patience
    if !isKept { littleUsed = 0 }
    bytes.removeAll(keepingCapacity: isKept)
    start = 0
  }

  /// The memory held, for tests.
  var capacity: Int { bytes.capacity }

  package mutating func take(_ maximum: Int) -> [UInt8] {
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
