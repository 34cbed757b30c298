import RemoteAgentCore
import Testing

struct TokenBucketTests {
  @Test func `a burst is taken at once, then as many as come anew`() {
    var bucket = TokenBucket(burst: 3, perSecond: 2, now: 100)
    for _ in 0..<3 { #expect(bucket.take(now: 100) == nil) }
    #expect(bucket.take(now: 100) == 500)
    #expect(bucket.take(now: 599) == 1)
    #expect(bucket.take(now: 600) == nil)
    #expect(bucket.take(now: 600) == 500)
  }

  @Test func `what is not taken gathers up to the burst`() {
    var bucket = TokenBucket(burst: 2, perSecond: 1_000, now: 0)
    #expect(bucket.take(now: 0) == nil)
    #expect(!bucket.isFull(now: 0))
    #expect(bucket.isFull(now: 1_000_000))
    #expect(bucket.take(now: 1_000_000) == nil)
    #expect(bucket.take(now: 1_000_000) == nil)
    #expect(bucket.take(now: 1_000_000) == 1)
  }

  @Test func `a refused attempt costs nothing`() {
    var bucket = TokenBucket(burst: 1, perSecond: 1, now: 0)
    #expect(bucket.take(now: 0) == nil)
    for now: Milliseconds in 1..<1_000 { #expect(bucket.take(now: now) != nil) }
    #expect(bucket.take(now: 1_000) == nil)
  }

  @Test func `neither a clock that stands nor one that leaps is an overflow`() {
    var bucket = TokenBucket(burst: 1, perSecond: 0.001, now: 10)
    #expect(bucket.take(now: 10) == nil)
    #expect(bucket.take(now: 5) == 1_000_000)
    #expect(bucket.take(now: .max) == nil)
  }
}

struct LineBudgetTests {
  @Test func `so many lines a window are told, and the next one tells how many were not`() {
    var budget = LineBudget(limit: 2, window: 1_000)
    #expect(budget.next(now: 0) == 0)
    #expect(budget.next(now: 999) == 0)
    for _ in 0..<7 { #expect(budget.next(now: 999) == nil) }
    #expect(budget.next(now: 1_000) == 7)
    #expect(budget.next(now: 1_000) == 0)
    #expect(budget.next(now: 1_001) == nil)
  }

  @Test func `who is seldom refused is always told`() {
    var budget = LineBudget(limit: 1, window: 60_000)
    for now in 0..<100 { #expect(budget.next(now: Milliseconds(now) * 60_000) == 0) }
  }
}
