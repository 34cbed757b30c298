/// When to try again after a lost connection or a failed attempt (PROTOCOL section 5).
///
/// The first retry is immediate, save after a close that sends everybody away at once; then exponential with full jitter.
/// A connection that was good for a while starts the count anew. What the hub asks for is the least that is waited.
package struct Backoff: Sendable {
  package static let base: Milliseconds = 250
  package static let cap: Milliseconds = 30_000
  /// How long a connection must have been good to start anew.
  package static let goodConnection: Milliseconds = 60_000

  private var failures = 0

  package init() {}

  /// A connection was lost that had been good since `openedAt` (nil: it never was).
  package mutating func lost(openedAt: Milliseconds?, now: Milliseconds) {
    if let openedAt, now - openedAt >= Backoff.goodConnection { failures = 0 }
  }

  /// The time to wait before the next attempt.
  ///
  /// - Parameters:
  ///   - isHerd: everybody was sent away at once (1001, 1012, 1013), so that the first retry is spread too.
  ///   - retryAfter: what the hub asked for, if it did.
  package mutating func next(
    isHerd: Bool, retryAfter: Milliseconds?, using random: inout some RandomNumberGenerator
  ) -> Milliseconds {
    let exponent = isHerd ? failures : failures - 1
    failures += 1
    let jitter =
      exponent < 0
      ? 0
      : Milliseconds.random(in: 0...min(Backoff.cap, Backoff.base << Milliseconds(min(exponent, 10))), using: &random)
    guard let retryAfter, retryAfter > 0 else { return jitter }
    return retryAfter + jitter
  }
}
