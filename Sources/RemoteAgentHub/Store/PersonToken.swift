/// What a person or script shows to be let in.
package enum PersonTokenKind: String, Sendable, CaseIterable {
  /// In a sign-in URL: good once, for a cookie.
  case link
  /// In a browser's cookie.
  case browser
  /// In a script's `Authorization: Bearer`.
  case api

  /// How tokens of the kind begin, so that one found astray can be told.
  var prefix: String {
    switch self {
    case .link: "ral_"
    case .browser: "rab_"
    case .api: "rap_"
    }
  }
}

/// A token as lists show it: the secret itself is not kept. Times are Unix milliseconds.
package struct PersonToken: Sendable, Equatable {
  /// What it is called when it is revoked.
  package let id: String
  package let kind: PersonTokenKind
  /// Whose it is, in its maker's words; controls bear it.
  package let name: String
  package let createdAt: Int64
  /// Nil: until it is revoked.
  package let expiresAt: Int64?
  package let lastUsedAt: Int64?
}
