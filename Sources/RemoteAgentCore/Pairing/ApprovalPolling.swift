/// Asks a hub again and again for what a person has yet to allow (RFC 8628 section 3.5).
///
///     waiting ──its time──► asking ──pending, slower, connection lost──► waiting
///        └──lifetime over──► expired
///
/// What else a hub can answer ends it, and is its driver's. Times are monotonic.
package struct ApprovalPolling: Sendable {
  /// What each `slow_down` adds to the interval, for good.
  package static let slowDown: Milliseconds = 5000
  /// Lost connections double the wait up to this, or to the interval if that is longer.
  package static let longestBackoff: Milliseconds = 60_000

  package enum Step: Sendable, Equatable {
    case wait(until: Milliseconds)
    case ask
    case expired
  }

  private var interval: Milliseconds
  private let expiry: Milliseconds
  private var nextAsk: Milliseconds
  /// Lost connections since the hub last answered.
  private var losses = 0

  /// - Parameters:
  ///   - interval: between an answer and the next request; positive.
  ///   - lifetime: of what is asked for; then it has expired.
  package init(interval: Milliseconds, lifetime: Milliseconds, now: Milliseconds) {
    precondition(interval > 0)
    self.interval = interval
    expiry = now + lifetime
    nextAsk = now + interval
  }

  /// When there is something to do.
  package var deadline: Milliseconds { min(nextAsk, expiry) }

  /// What to do now.
  package func step(now: Milliseconds) -> Step {
    if now >= expiry { return .expired }
    return now >= nextAsk ? .ask : .wait(until: deadline)
  }

  /// Nobody has decided yet.
  ///
  /// - Parameter retryAfter: the least that the hub wants to be left alone, if it said so.
  package mutating func answeredPending(retryAfter: Milliseconds?, now: Milliseconds) {
    losses = 0
    nextAsk = now + max(interval, retryAfter ?? 0)
  }

  /// The hub was asked too often.
  package mutating func answeredSlowDown(retryAfter: Milliseconds?, now: Milliseconds) {
    interval += ApprovalPolling.slowDown
    answeredPending(retryAfter: retryAfter, now: now)
  }

  /// No answer came: the hub is away, or the connection broke.
  package mutating func connectionLost(now: Milliseconds) {
    losses += 1
    nextAsk = now + max(interval, min(interval << Milliseconds(min(losses, 16)), ApprovalPolling.longestBackoff))
  }
}
