/// A rate that may be exceeded for a while: `burst` tokens at first, each taken by one act, and a new one each `interval`, up to
/// `burst`.
package struct TokenBucket: Sendable, Equatable {
  private let interval: Milliseconds
  private let full: Milliseconds
  /// What is there, as the time in which it came.
  private var level: Milliseconds
  private var filledAt: Milliseconds

  /// - Parameters:
  ///   - burst: at least 1.
  ///   - interval: more than 0.
  package init(burst: Int, interval: Milliseconds, now: Milliseconds) {
    precondition(burst >= 1 && interval > 0)
    self.interval = interval
    full = Milliseconds(burst) * interval
    level = full
    filledAt = now
  }

  /// Takes a token: nil if there was one, else how long until there will be, at least 1 ms.
  ///
  /// - Parameter now: on a clock that never goes back.
  package mutating func take(now: Milliseconds) -> Milliseconds? {
    let wait = wait(now: now)
    if wait == nil { level -= interval }
    return wait
  }

  /// The same without taking it.
  package mutating func wait(now: Milliseconds) -> Milliseconds? {
    fill(now: now)
    return level < interval ? interval - level : nil
  }

  /// Whether all that was taken is there again.
  package mutating func isFull(now: Milliseconds) -> Bool {
    fill(now: now)
    return level == full
  }

  private mutating func fill(now: Milliseconds) {
    guard now > filledAt else { return }
    // A difference that is too large for its type is larger than all that is missing.
    let (passed, isTooLarge) = now.subtractingReportingOverflow(filledAt)
    level = isTooLarge || passed >= full - level ? full : level + passed
    filledAt = now
  }
}
