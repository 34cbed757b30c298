import RemoteAgentCore
import Testing

@Suite struct CommitQueueTests {
  private func batch(_ seq: Int64, size: Int) -> HubBatch {
    HubBatch(
      firstSeq: seq, lastSeq: seq, bytes: Array(repeating: UInt8(seq), count: size), logLines: 1, logBytes: size,
      facts: [HubBatch.Fact(seq: seq, status: .other)])
  }

  @Test func `one commit at a time, and what came meanwhile goes together`() throws {
    var queue = CommitQueue(rowSize: 100)
    #expect(queue.isIdle)
    queue.append(batch(1, size: 10))
    let next = queue.next()
    let first = try #require(next)
    #expect(first.count == 1)
    #expect(!queue.isIdle)
    for seq in Int64(2)...4 { queue.append(batch(seq, size: 40)) }
    let early = queue.next()
    #expect(early == nil)
    queue.finished()
    let later = queue.next()
    let second = try #require(later)
    #expect(second.count == 2)
    #expect(second.batch.firstSeq == 2)
    #expect(second.batch.lastSeq == 3)
    #expect(second.batch.bytes == Array(repeating: 2, count: 40) + Array(repeating: 3, count: 40))
    #expect(second.batch.logLines == 2)
    #expect(second.batch.logBytes == 80)
    #expect(second.batch.facts.map(\.seq) == [2, 3])
    queue.finished()
    let third = queue.next()
    #expect(third?.batch.firstSeq == 4)
    queue.finished()
    #expect(queue.isIdle)
  }

  @Test func `a batch over the row size goes alone`() {
    var queue = CommitQueue(rowSize: 10)
    queue.append(batch(1, size: 50))
    queue.append(batch(2, size: 1))
    let first = queue.next()
    #expect(first?.count == 1)
  }

  @Test func `what waits can be dropped`() {
    var queue = CommitQueue()
    queue.append(batch(1, size: 1))
    queue.append(batch(2, size: 1))
    _ = queue.next()
    queue.drop()
    queue.finished()
    let next = queue.next()
    #expect(next == nil)
  }
}

@Suite struct ControlFeedTests {
  @Test func `controls are looked up once at a time, and again if asked meanwhile`() {
    var feed = ControlFeed()
    feed.opened(controlCursor: 3)
    #expect(feed.sent == 3)
    let first = feed.startFetch()
    let second = feed.startFetch()
    #expect(first && !second)
    let again = feed.fetched()
    #expect(again)
    let third = feed.startFetch()
    let idle = feed.fetched()
    #expect(third && !idle)
  }

  @Test func `the newest acknowledgement is stored, one at a time`() {
    var feed = ControlFeed()
    feed.acknowledged(through: 1)
    let first = feed.startAcknowledgement()
    feed.acknowledged(through: 5)
    feed.acknowledged(through: 4)
    let blocked = feed.startAcknowledgement()
    feed.acknowledgementStored()
    let second = feed.startAcknowledgement()
    #expect(first == 1)
    #expect(blocked == nil)
    #expect(second == 5)
  }
}
