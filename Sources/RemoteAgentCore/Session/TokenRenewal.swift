/// When a connection's session token is to be renewed (PROTOCOL section 4, auth): at three quarters of its life; after a
/// failure again after a tenth of it, at least a second.
struct TokenRenewal: Sendable {
  private static let longestLife: Milliseconds = 1 << 50

  private var due: Milliseconds?
  private var life: Milliseconds = 0
  private var provesLeft = 0

  /// A connection without a token: nothing is ever due.
  init() {}

  init(life: Milliseconds, now: Milliseconds) {
    // A life of any size is no overflow.
    self.life = min(max(life, 0), TokenRenewal.longestLife)
    due = now + self.life / 4 * 3
  }

  var deadline: Milliseconds? { due }

  func isDue(now: Milliseconds) -> Bool { due.map { now >= $0 } ?? false }

  mutating func started() {
    due = nil
    provesLeft = 1
  }

  mutating func failed(now: Milliseconds) { due = now + max(life / 10, 1000) }

  /// The hub took the token; it lives `seconds` from now, a positive number.
  mutating func accepted(seconds: Int64, now: Milliseconds) {
    self = TokenRenewal(life: min(seconds, TokenRenewal.longestLife / 1000) * 1000, now: now)
  }

  /// Whether a stale nonce may be answered: once a renewal.
  mutating func mayProveAgain() -> Bool {
    provesLeft -= 1
    return provesLeft >= 0
  }
}
