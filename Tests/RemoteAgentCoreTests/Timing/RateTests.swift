import RemoteAgentCore
import Testing

extension TokenBucket {
  /// What so many attempts at those times come to; -1 for those that were let through.
  fileprivate mutating func take(at times: [Milliseconds]) -> [Milliseconds] { times.map { take(now: $0) ?? -1 } }
}

extension LineBudget {
  /// The same of lines; -1 for those that were not told.
  fileprivate mutating func next(at times: [Milliseconds]) -> [Int] { times.map { next(now: $0) ?? -1 } }
}

struct TokenBucketTests {
  @Test func `a burst is taken at once, then as many as come anew`() {
    var bucket = TokenBucket(burst: 3, interval: 500, now: 100)
    let waits = bucket.take(at: [100, 100, 100, 100, 599, 600, 600])
    #expect(waits == [-1, -1, -1, 500, 1, -1, 500])
  }

  @Test func `what is not taken gathers up to the burst`() {
    var bucket = TokenBucket(burst: 2, interval: 1, now: 0)
    _ = bucket.take(now: 0)
    let isFull = [Milliseconds(0), 1_000_000].map { bucket.isFull(now: $0) }
    #expect(isFull == [false, true])
    let waits = bucket.take(at: [1_000_000, 1_000_000, 1_000_000])
    #expect(waits == [-1, -1, 1])
  }

  @Test func `a refused attempt costs nothing`() {
    var bucket = TokenBucket(burst: 1, interval: 1_000, now: 0)
    let waits = bucket.take(at: Array(0...1_000))
    #expect(waits.first == -1)
    #expect(waits.last == -1)
    #expect(waits[1...999].allSatisfy { $0 > 0 })
  }

  @Test func `neither a clock that goes back nor one that leaps is an overflow`() {
    var bucket = TokenBucket(burst: 1, interval: 1_000_000, now: 10)
    let waits = bucket.take(at: [10, 5, .max])
    #expect(waits == [-1, 1_000_000, -1])
  }
}

struct LineBudgetTests {
  @Test func `so many lines a window are told, and the next one tells how many were not`() {
    var budget = LineBudget(limit: 2, window: 1_000)
    let told = budget.next(at: [0, 999, 999, 999, 999, 1_000, 1_000, 1_001])
    #expect(told == [0, 0, -1, -1, -1, 3, 0, -1])
  }

  @Test func `who is seldom refused is always told`() {
    var budget = LineBudget(limit: 1, window: 60_000)
    let told = budget.next(at: (0..<100).map { Milliseconds($0) * 60_000 })
    #expect(told.allSatisfy { $0 == 0 })
  }
}
