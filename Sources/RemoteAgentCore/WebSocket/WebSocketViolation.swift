/// Why a peer's bytes end the connection: a close code and words for people.
struct WebSocketViolation: Error, Sendable, Equatable {
  let code: UInt16
  let reason: String

  static func `protocol`(_ reason: String) -> WebSocketViolation { WebSocketViolation(code: 1002, reason: reason) }
  static let invalidText = WebSocketViolation(code: 1007, reason: "text is not UTF-8")
  static let tooLarge = WebSocketViolation(code: 1009, reason: "message is too large")
}
