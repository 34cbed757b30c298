/// A rate that may be exceeded for a while: `burst` tokens at first, each taken by one act, and `perSecond` new ones, up to `burst`.
package struct TokenBucket: Sendable, Equatable {
  private let burst: Double
  private let perMillisecond: Double
  private var tokens: Double
  private var filledAt: Milliseconds

  /// - Parameters:
  ///   - burst: at least 1.
  ///   - perSecond: more than 0.
  package init(burst: Int, perSecond: Double, now: Milliseconds) {
    precondition(burst >= 1 && perSecond > 0)
    self.burst = Double(burst)
    perMillisecond = perSecond / 1_000
    tokens = Double(burst)
    filledAt = now
  }

  /// Takes a token: nil if there was one, else how long until there will be, at least 1 ms.
  ///
  /// - Parameter now: on a clock that never goes back.
  package mutating func take(now: Milliseconds) -> Milliseconds? {
    fill(now: now)
    guard tokens < 1 else {
      tokens -= 1
      return nil
    }
    return max(1, Milliseconds(((1 - tokens) / perMillisecond).rounded(.up)))
  }

  /// Whether all that was taken is there again.
  package mutating func isFull(now: Milliseconds) -> Bool {
    fill(now: now)
    return tokens >= burst
  }

  private mutating func fill(now: Milliseconds) {
    tokens = min(burst, tokens + Double(max(0, now - filledAt)) * perMillisecond)
    filledAt = now
  }
}
