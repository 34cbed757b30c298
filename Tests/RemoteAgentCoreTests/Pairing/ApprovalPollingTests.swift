import RemoteAgentCore
import Testing

/// RFC 8628 section 3.5.
@Suite struct ApprovalPollingTests {
  private var polling = ApprovalPolling(interval: 5000, lifetime: 600_000, now: 1000)

  @Test func `the first question comes after one interval`() {
    #expect(polling.step(now: 1000) == .wait(until: 6000))
    #expect(polling.step(now: 5999) == .wait(until: 6000))
    #expect(polling.step(now: 6000) == .ask)
    #expect(polling.deadline == 6000)
  }

  @Test mutating func `pending asks again after the interval, counted from the answer`() {
    polling.answeredPending(retryAfter: nil, now: 7500)
    #expect(polling.step(now: 7500) == .wait(until: 12_500))
  }

  @Test mutating func `slow_down adds five seconds, for good`() {
    polling.answeredSlowDown(retryAfter: nil, now: 10_000)
    #expect(polling.deadline == 20_000)
    polling.answeredPending(retryAfter: nil, now: 20_000)
    #expect(polling.deadline == 30_000)
    polling.answeredSlowDown(retryAfter: nil, now: 30_000)
    #expect(polling.deadline == 45_000)
  }

  @Test mutating func `what the hub asks for is the least that is waited`() {
    polling.answeredPending(retryAfter: 30_000, now: 10_000)
    #expect(polling.deadline == 40_000)
    polling.answeredPending(retryAfter: 1000, now: 40_000)
    #expect(polling.deadline == 45_000)
  }

  @Test mutating func `lost connections double the wait up to a minute, until the hub answers`() {
    var waits: [Milliseconds] = []
    for _ in 0..<6 {
      polling.connectionLost(now: 10_000)
      waits.append(polling.deadline - 10_000)
    }
    #expect(waits == [10_000, 20_000, 40_000, 60_000, 60_000, 60_000])
    polling.answeredPending(retryAfter: nil, now: 10_000)
    #expect(polling.deadline == 15_000)
    polling.connectionLost(now: 10_000)
    #expect(polling.deadline == 20_000)
  }

  @Test mutating func `a lost connection never shortens a long interval`() {
    polling = ApprovalPolling(interval: 90_000, lifetime: 600_000, now: 0)
    polling.connectionLost(now: 0)
    #expect(polling.deadline == 90_000)
  }

  @Test mutating func `however often connections are lost, no number overflows`() {
    for _ in 0..<1000 { polling.connectionLost(now: 0) }
    #expect(polling.deadline == 60_000)
  }

  @Test mutating func `its lifetime ends it, also where the next question would be later`() {
    polling.answeredPending(retryAfter: 3_600_000, now: 10_000)
    #expect(polling.step(now: 10_000) == .wait(until: 601_000))
    #expect(polling.step(now: 600_999) == .wait(until: 601_000))
    #expect(polling.step(now: 601_000) == .expired)
  }
}
