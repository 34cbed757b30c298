/// How long what the hub gives out is good, in milliseconds (PROTOCOL section 3; docs/http-api.md).
package struct TokenLives: Sendable, Equatable {
  package var session: Int64 = 900_000
  package var access: Int64 = 3_600_000
  /// From the last use.
  package var refresh: Int64 = 90 * 86_400_000
  /// Of a pairing code.
  package var code: Int64 = 600_000
  /// How long after the end of its last session an ephemeral device may come back for the acknowledgement.
  package var grace: Int64 = 60_000
  /// Of a sign-in link.
  package var link: Int64 = 600_000
  /// Of a browser's cookie, from its last use.
  package var browser: Int64 = 90 * 86_400_000

  package init() {}
}
