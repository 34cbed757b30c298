/// When to try again after a lost connection or a failed attempt (PROTOCOL section 5).
///
/// The first retry is immediate, save after a close that sends everybody away at once; then exponential with full jitter.
/// A connection that was good for a while starts the count anew. What the hub asks for is the least that is waited.
package struct Backoff: Sendable {
  package static let base: Milliseconds = 250
  package static let cap: Milliseconds = 30_000
  /// The longest wait that a hub may ask for.
  package static let longestWait: Milliseconds = 86_400_000
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
  ///   - retryAfter: what the hub asked for, if it did; at most `longestWait` of it is honoured.
  package mutating func next(
    isHerd: Bool, retryAfter: Milliseconds?, using random: inout some RandomNumberGenerator
  ) -> Milliseconds {
    let asked = min(max(retryAfter ?? 0, 0), Backoff.longestWait)
    // Many were told the same time: they are a herd too.
    let exponent = isHerd || asked > 0 ? failures : failures - 1
    failures += 1
    let jitter =
      exponent < 0
      ? 0
      : Milliseconds.random(in: 0...min(Backoff.cap, Backoff.base << Milliseconds(min(exponent, 10))), using: &random)
    return asked + jitter
  }
}
