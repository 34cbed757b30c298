/// The closes of the protocol, their words, and what a device does (PROTOCOL section 4, error and close).
package enum CloseCode {
  package static let normal: UInt16 = 1000
  package static let goingAway: UInt16 = 1001
  package static let badMessage: UInt16 = 4400
  package static let unauthorized: UInt16 = 4401
  package static let revoked: UInt16 = 4403
  package static let heartbeat: UInt16 = 4408
  package static let superseded: UInt16 = 4409
  package static let sessionEnded: UInt16 = 4410
  package static let tooLarge: UInt16 = 4413
  package static let protocolVersion: UInt16 = 4426
  package static let rateLimited: UInt16 = 4429
  package static let tryAgainLater: UInt16 = 1013

  /// The word that stands in the `error` envelope before the close; nil where there is no such envelope.
  package static func word(for code: UInt16) -> String? {
    switch code {
    case badMessage: "bad_message"
    case unauthorized: "unauthorized"
    case revoked: "revoked"
    case heartbeat: "heartbeat"
    case superseded: "superseded"
    case sessionEnded: "session_ended"
    case tooLarge: "too_large"
    case protocolVersion: "protocol_version"
    case rateLimited, 1012, tryAgainLater: "rate_limited"
    default: nil
    }
  }

  /// The number that goes with the word of an `error` envelope; nil for a word that goes with none or is unknown.
  package static func code(for word: String) -> UInt16? {
    [
      badMessage, unauthorized, revoked, heartbeat, superseded, sessionEnded, tooLarge, protocolVersion, rateLimited,
    ].first { self.word(for: $0) == word }
  }

  /// What a device does after a close.
  package enum Reaction: Sendable, Equatable {
    case giveUp
    /// One fresh token, then no more.
    case renewOnce
    /// Give up after three in a row without progress.
    case giveUpAfterThree
    case reconnect(isHerd: Bool)
  }

  package static func reaction(to code: UInt16?) -> Reaction {
    switch code {
    case badMessage, revoked, superseded, sessionEnded, tooLarge, protocolVersion, 1009: .giveUp
    case unauthorized: .renewOnce
    case 1002, 1003, 1007: .giveUpAfterThree
    case goingAway, 1012, tryAgainLater: .reconnect(isHerd: true)
    default: .reconnect(isHerd: false)
    }
  }
}
