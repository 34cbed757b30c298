/// Keeps a connection alive and notices a dead one (PROTOCOL section 4, ping): a ping after `interval` with nothing sent,
/// dead after `timeout` with not a byte received.
package struct Heartbeat: Sendable {
  package let interval: Milliseconds
  package let timeout: Milliseconds
  private var lastSent: Milliseconds
  private var lastReceived: Milliseconds

  package static let defaultInterval: Milliseconds = 12_000
  package static let defaultTimeout: Milliseconds = 30_000

  /// More than this is taken as this, so that no peer's number overflows.
  package static let longest: Milliseconds = 86_400_000

  /// - Parameters:
  ///   - interval: positive, and so is `timeout`.
  package init(
    interval: Milliseconds = defaultInterval, timeout: Milliseconds = defaultTimeout, now: Milliseconds
  ) {
    precondition(interval > 0 && timeout > 0)
    self.interval = min(interval, Heartbeat.longest)
    self.timeout = min(timeout, Heartbeat.longest)
    lastSent = now
    lastReceived = now
  }

  package mutating func sent(now: Milliseconds) { lastSent = now }
  package mutating func received(now: Milliseconds) { lastReceived = now }

  /// Whether it is time to send a ping.
  package func isPingDue(now: Milliseconds) -> Bool { now - lastSent >= interval }
  /// Whether the watchdog has run out.
  package func isDead(now: Milliseconds) -> Bool { now - lastReceived >= timeout }
  /// When to look again.
  package var deadline: Milliseconds { min(pingDeadline, watchdogDeadline) }
  /// When the next ping is due if nothing is sent.
  package var pingDeadline: Milliseconds { lastSent + interval }
  /// When the watchdog runs out if nothing is received.
  package var watchdogDeadline: Milliseconds { lastReceived + timeout }
}
