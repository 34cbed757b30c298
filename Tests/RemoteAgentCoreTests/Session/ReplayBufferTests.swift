import RemoteAgentCore
import Testing

struct ReplayBufferTests {
  private func buffer(_ count: Int, cursor: Int64 = 0) -> ReplayBuffer {
    var buffer = ReplayBuffer(limit: 1 << 20)
    for _ in 0..<count { buffer.append(.log, ts: 1, payload: Array("{}".utf8)) }
    _ = buffer.resume(cursor: cursor)
    return buffer
  }

  @Test func `an envelope is written as the protocol has it, its bytes counted exactly`() {
    for number: Int64 in [1, 9, 10, 999, 1_000_000, 9_007_199_254_740_990] {
      var buffer = buffer(1, cursor: number - 1)
      buffer.append(.status, ts: 1_769_650_000_123, payload: Array(#"{"state":"x"}"#.utf8))
      let message = buffer.nextMessage(maximum: 1 << 16, window: 1 << 20) ?? []
      let expected =
        #"{"type":"log","seq":\#(number),"ts":1,"payload":{}}"# + "\n"
        + #"{"type":"status","seq":\#(number + 1),"ts":1769650000123,"payload":{"state":"x"}}"# + "\n"
      #expect(String(decoding: message, as: UTF8.self) == expected)
      #expect(buffer.unacknowledgedBytes == message.count)
      let isTaken = buffer.acknowledged(cursor: number + 1)
      #expect(isTaken)
      #expect(buffer.unacknowledgedBytes == 0)
    }
  }

  @Test func `nothing is sent before the first cursor is known`() {
    var buffer = ReplayBuffer(limit: 100)
    buffer.append(.log, ts: 1, payload: Array("{}".utf8))
    let message = buffer.nextMessage(maximum: 100, window: 100)
    #expect(message == nil)
    #expect(buffer.numbers == nil)
    #expect(buffer.highestSent == nil)
    let isTaken = buffer.acknowledged(cursor: 0)
    #expect(!isTaken)
  }

  @Test func `messages stay within their size, but for one line that is longer`() {
    var buffer = buffer(100)
    buffer.append(.log, ts: 1, payload: [UInt8](repeating: 0x20, count: 500))
    var sizes: [Int] = []
    while let message = buffer.nextMessage(maximum: 200, window: 1 << 20) { sizes.append(message.count) }
    #expect(sizes.dropLast().allSatisfy { $0 <= 200 })
    #expect(sizes.last == 543)
    #expect(!buffer.hasUnsent)
  }

  @Test func `what is acknowledged is dropped and what is beyond the sent is refused`() {
    var buffer = buffer(10)
    _ = buffer.nextMessage(maximum: 100, window: 1 << 20)
    let sent = buffer.highestSent ?? 0
    #expect(sent > 0 && sent < 10)
    let tooFar = buffer.acknowledged(cursor: sent + 1)
    #expect(!tooFar)
    #expect(buffer.count == 10)
    let all = buffer.acknowledged(cursor: sent)
    #expect(all)
    #expect(buffer.count == 10 - Int(sent))
    #expect(buffer.numbers?.first == sent + 1)
    #expect(buffer.numbers?.next == 11)
  }

  @Test func `room is counted with what a record costs beside its bytes`() {
    var buffer = ReplayBuffer(limit: 1_000)
    var count = 0
    while !buffer.isFull {
      buffer.append(.log, ts: 1, payload: [])
      count += 1
    }
    #expect(count < 16, "empty lines too fill it")
    _ = buffer.resume(cursor: 0)
    while buffer.nextMessage(maximum: 100, window: 1 << 20) != nil {}
    _ = buffer.acknowledged(cursor: Int64(count))
    #expect(!buffer.isFull)
    #expect(buffer.isEmpty)
  }

  @Test(arguments: [(1, 4, nil), (3, 4, nil), (0, 4, 1), (5, 6, nil), (100, 101, nil)] as [(Int64, Int64, Int64?)])
  func `after three of five are acknowledged, a cursor decides where to go on`(
    cursor: Int64, next: Int64, gap: Int64?
  ) {
    var buffer = buffer(5)
    _ = buffer.nextMessage(maximum: 1 << 16, window: 1 << 20)
    _ = buffer.acknowledged(cursor: 3)
    let from = buffer.resume(cursor: cursor)
    #expect(from == (cursor < 3 ? cursor + 1 : gap))
    #expect(buffer.numbers?.first == next)
  }
}
