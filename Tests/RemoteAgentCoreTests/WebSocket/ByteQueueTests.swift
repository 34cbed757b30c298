import Testing

@testable import RemoteAgentCore

struct ByteQueueTests {
  private func pass(_ count: Int, through queue: inout ByteQueue) {
    [UInt8](repeating: 1, count: count).withUnsafeBytes { queue.append($0) }
    queue.consume(count)
  }

  @Test func `memory in use is kept, and given back when little of it is used for a while`() {
    var queue = ByteQueue()
    pass(65_536, through: &queue)
    #expect(queue.capacity >= 65_536)
    for _ in 0..<7 { pass(100, through: &queue) }
    #expect(queue.capacity >= 65_536)
    pass(40_000, through: &queue)
    for _ in 0..<7 { pass(100, through: &queue) }
    #expect(queue.capacity >= 65_536)
    pass(100, through: &queue)
    #expect(queue.capacity == 0)
  }

  @Test func `memory for much is given back at once`() {
    var queue = ByteQueue()
    pass(1 << 20, through: &queue)
    #expect(queue.capacity == 0)
  }

  @Test func `a queue that is never empty doesn't grow with what passes through it`() {
    var queue = ByteQueue()
    var next: (appended: UInt8, taken: UInt8) = (0, 0)
    for turn in 0..<10_000 {
      let piece = (0..<(turn % 7 + 3)).map { UInt8(truncatingIfNeeded: $0) &+ next.appended }
      next.appended &+= UInt8(piece.count)
      piece.withUnsafeBytes { queue.append($0) }
      let taken = queue.take(queue.count - 2)
      let expected = taken.indices.map { UInt8(truncatingIfNeeded: $0) &+ next.taken }
      #expect(taken == expected)
      next.taken &+= UInt8(taken.count)
    }
    #expect(queue.count == 2)
    #expect(queue.capacity < 200)
  }
}
