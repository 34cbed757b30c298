import RemoteAgentCore
import SeededRandom
import Testing

struct BackoffTests {
  @Test func `the first retry is immediate, then the waits grow to the cap with full jitter`() {
    var random = SeededRandom(seed: 1)
    var seen: [Milliseconds: Set<Milliseconds>] = [:]
    for _ in 0..<200 {
      var backoff = Backoff()
      for attempt: Milliseconds in 0..<12 {
        let wait = backoff.next(isHerd: false, retryAfter: nil, using: &random)
        let most: Milliseconds = attempt == 0 ? 0 : min(30_000, 250 << (attempt - 1))
        #expect((0...most).contains(wait), "attempt \(attempt)")
        seen[attempt, default: []].insert(wait)
      }
    }
    #expect(seen[0] == [0])
    let late = seen[11] ?? []
    #expect(late.count > 150)
    #expect((late.min() ?? .max) < 5_000)
    #expect((late.max() ?? 0) > 25_000)
  }

  @Test func `a herd's first retry is spread`() {
    var lowest = Lowest()
    var highest = Highest()
    var backoff = Backoff()
    #expect(backoff.next(isHerd: true, retryAfter: nil, using: &highest) == 250)
    #expect(backoff.next(isHerd: false, retryAfter: nil, using: &lowest) == 0)
  }

  @Test func `what the hub asks for is the least, up to a day`() {
    var random = Lowest()
    for (asked, waited) in [
      (5_000, 5_000), (0, 0), (-7, 0), (.max, Backoff.longestWait), (nil, 0),
    ] as [(Milliseconds?, Milliseconds)] {
      var backoff = Backoff()
      #expect(backoff.next(isHerd: false, retryAfter: asked, using: &random) == waited)
    }
  }

  @Test func `many told to come back at one time don't all come at it`() {
    var random = Highest()
    var backoff = Backoff()
    #expect(backoff.next(isHerd: false, retryAfter: 5_000, using: &random) == 5_250)
  }

  @Test func `a good minute starts anew, less does not`() {
    var random = Highest()
    var backoff = Backoff()
    for _ in 0..<3 { _ = backoff.next(isHerd: false, retryAfter: nil, using: &random) }
    backoff.lost(openedAt: 1_000, now: 60_999)
    #expect(backoff.next(isHerd: false, retryAfter: nil, using: &random) == 1_000)
    backoff.lost(openedAt: nil, now: 99_999_999)
    #expect(backoff.next(isHerd: false, retryAfter: nil, using: &random) == 2_000)
    backoff.lost(openedAt: 1_000, now: 61_000)
    #expect(backoff.next(isHerd: false, retryAfter: nil, using: &random) == 0)
  }
}

struct HeartbeatTests {
  @Test func `a ping is due after the interval with nothing sent, death after the timeout with nothing received`() {
    var heartbeat = Heartbeat(interval: 10, timeout: 25, now: 100)
    #expect(heartbeat.deadline == 110)
    #expect(!heartbeat.isPingDue(now: 109))
    #expect(heartbeat.isPingDue(now: 110))
    heartbeat.sent(now: 110)
    #expect(!heartbeat.isPingDue(now: 119))
    #expect(!heartbeat.isDead(now: 124))
    #expect(heartbeat.isDead(now: 125))
    heartbeat.sent(now: 120)
    #expect(heartbeat.deadline == 125)
    heartbeat.received(now: 124)
    #expect(!heartbeat.isDead(now: 148))
    #expect(heartbeat.deadline == 130)
  }

  @Test func `numbers of any size are no overflow`() {
    let heartbeat = Heartbeat(interval: .max, timeout: .max, now: 1 << 60)
    #expect(heartbeat.deadline == 1 << 60 + 86_400_000)
    #expect(!heartbeat.isDead(now: 1 << 60))
  }

  @Test func `the defaults are the protocol's`() {
    let heartbeat = Heartbeat(now: 0)
    #expect(heartbeat.interval == 12_000)
    #expect(heartbeat.timeout == 30_000)
  }
}

struct CloseCodeTests {
  @Test(
    arguments: [
      (4400, "bad_message"), (4401, "unauthorized"), (4403, "revoked"), (4408, "heartbeat"), (4409, "superseded"),
      (4410, "session_ended"), (4413, "too_large"), (4426, "protocol_version"), (4429, "rate_limited"),
    ] as [(UInt16, String)])
  func `numbers and words of the protocol go together`(code: UInt16, word: String) {
    #expect(CloseCode.word(for: code) == word)
    #expect(CloseCode.code(for: word) == code)
  }

  @Test func `other numbers have no word and other words no number`() {
    for code: UInt16 in [1000, 1001, 1002, 1006, 1011, 4000, 4402] { #expect(CloseCode.word(for: code) == nil) }
    for word in ["", "use_dpop_nonce", "new"] { #expect(CloseCode.code(for: word) == nil) }
  }
}
