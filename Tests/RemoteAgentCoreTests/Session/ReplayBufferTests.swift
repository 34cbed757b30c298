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
    #expect(!buffer.isSettled)
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
    let message = buffer.nextMessage(maximum: 100, window: 1 << 20) ?? []
    let sent = DeviceAlone.numbers(in: String(decoding: message, as: UTF8.self)).last ?? 0
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
    #expect(buffer.isSettled)
  }

  @Test(arguments: [(1, 4, 2), (3, 4, nil), (0, 4, 1), (5, 6, nil), (100, 101, nil)] as [(Int64, Int64, Int64?)])
  func `after three of five are acknowledged, a cursor decides where to go on`(
    cursor: Int64, next: Int64, gap: Int64?
  ) throws {
    var buffer = buffer(5)
    _ = buffer.nextMessage(maximum: 1 << 16, window: 1 << 20)
    _ = buffer.acknowledged(cursor: 3)
    let isNew = buffer.resume(cursor: cursor)
    #expect(isNew == (cursor == 100))
    #expect(buffer.numbers?.first == next)
    let message = buffer.nextMessage(maximum: 1 << 16, window: 1 << 20).map { String(decoding: $0, as: UTF8.self) }
    if let gap {
      #expect(
        message
          == #"{"type":"status","seq":3,"payload":{"state":"gap","from":\#(gap),"to":3,"bytes":0,"reason":"lost"}}"#)
      #expect(buffer.lostCount == 0, "the hub lost them")
    } else {
      #expect(message?.contains("gap") != true)
    }
  }

  @Test func `what is discarded before numbers are given is a gap from the first number on`() throws {
    var buffer = ReplayBuffer(limit: 1 << 20)
    for _ in 0..<5 { buffer.append(.log, ts: 1, payload: Array("{}".utf8)) }
    buffer.discard(2, bytes: 4, reason: .overflow)
    _ = buffer.resume(cursor: 7)
    #expect(buffer.numbers?.first == 10)
    let gap = buffer.nextMessage(maximum: 1 << 16, window: 1 << 20, gapTs: 5).map {
      String(decoding: $0, as: UTF8.self)
    }
    #expect(
      gap
        == #"{"type":"status","seq":9,"ts":5,"payload":{"state":"gap","from":8,"to":9,"bytes":4,"reason":"overflow"}}"#)
    #expect(buffer.lostCount == 2)
    let rest = buffer.nextMessage(maximum: 1 << 16, window: 1 << 20) ?? []
    #expect(DeviceAlone.numbers(in: String(decoding: rest, as: UTF8.self)) == [10, 11, 12])
    let isTaken = buffer.acknowledged(cursor: 12)
    #expect(isTaken && buffer.isSettled)
  }

  @Test func `what was sent before it was discarded may be there: the gap is what the next hello leaves`() {
    var buffer = buffer(5)
    _ = buffer.nextMessage(maximum: 1 << 16, window: 1 << 20)
    buffer.discard(4, bytes: 8, reason: .overflow)
    #expect(buffer.unacknowledgedBytes > 0 && buffer.count == 1)
    let now = buffer.nextMessage(maximum: 1 << 16, window: 1 << 20)
    #expect(now == nil, "all of it was sent")
    _ = buffer.resume(cursor: 2)
    let gap = buffer.nextMessage(maximum: 1 << 16, window: 1 << 20).map { String(decoding: $0, as: UTF8.self) } ?? ""
    #expect(gap.contains(#""seq":4,"payload":{"state":"gap","from":3,"to":4,"bytes":0"#))
    #expect(buffer.lostCount == 2)
    _ = buffer.resume(cursor: 2)
    _ = buffer.nextMessage(maximum: 1 << 16, window: 1 << 20)
    #expect(buffer.lostCount == 2, "told again, lost once")
  }

  @Test(arguments: [(16, 17, 40), (39, 40, 40), (20, 21, 40), (45, 46, 46), (10, 17, 40)] as [(Int64, Int64, Int64)])
  func `an earlier process's numbers stand, and what came since is numbered after them and the cursor`(
    cursor: Int64, first: Int64, new: Int64
  ) {
    var buffer = ReplayBuffer(limit: 1 << 20, position: 16, numbers: (17, 40))
    for _ in 0..<23 { buffer.append(.log, ts: 1, payload: Array("{}".utf8)) }
    buffer.append(.log, ts: 2, payload: Array(#"{"new":1}"#.utf8))
    #expect(buffer.numbers?.first == 17 && buffer.numbers?.next == 40)
    let isNew = buffer.resume(cursor: cursor)
    #expect(isNew)
    #expect(buffer.numbers?.first == first)
    #expect(buffer.numbers?.next == new + 1)
    var sent = ""
    while let message = buffer.nextMessage(maximum: 1 << 16, window: 1 << 20) {
      sent += String(decoding: message, as: UTF8.self)
    }
    #expect(sent.contains(#""seq":\#(new),"ts":2,"payload":{"new":1}}"#))
    #expect(sent.contains("gap") == (cursor == 10))
  }

  @Test func `lines left behind count, and are dropped unread where the hub has them`() {
    var buffer = ReplayBuffer(limit: 1 << 20, position: 0, numbers: (1, 11))
    buffer.leftBehind(10)
    #expect(buffer.fetchPosition == 0)
    _ = buffer.resume(cursor: 4)
    #expect(buffer.fetchPosition == 4 && buffer.behind == 6 && buffer.position == 4)
    #expect(buffer.numbers?.first == 5 && buffer.numbers?.next == 11)
    _ = buffer.resume(cursor: 10)
    #expect(buffer.isSettled)
  }
}
