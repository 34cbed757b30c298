package import RemoteAgentCore

/// What a token is for; a token of one kind is never taken for another.
package enum TokenKind: String, Sendable, CaseIterable {
  case session, access, refresh

  /// How tokens of the kind begin, so that one found astray can be told.
  var prefix: String {
    switch self {
    case .session: "ras_"
    case .access: "raa_"
    case .refresh: "rar_"
    }
  }
}

/// What a token comes to.
package enum TokenVerdict: Sendable, Equatable {
  /// `expiresAt` is in Unix milliseconds.
  case valid(clientId: String, expiresAt: Int64)
  /// Unknown, expired, of another kind or of another key: one answer for all.
  case invalid
  /// The right token and key of a device that is refused from now on.
  case refused(DeviceRefusal, clientId: String)
}
