import HTTPTypes

/// The paths of the API for people and scripts (docs/http-api.md, calls).
enum PeopleRoute: Equatable {
  case signIn, signOut, me
  case sessions, sessionsStream
  case session(String)
  case log(String)
  case raw(String)
  case controls(String)
  case questions(String)
  case control(String)
  case pairingCodes, devices, approvals
  case approval(String)
  case device(String)
  case metrics, health, readiness

  /// Nil for a path that is none of them.
  init?(path: String) {
    let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(Query.decoded)
    guard path.hasPrefix("/"), !parts.contains(nil), !parts.contains("") else { return nil }
    let words = parts.compactMap(\.self)
    switch (words.count, words.first) {
    case (1, "healthz"): self = .health
    case (1, "readyz"): self = .readiness
    case (1, "metrics"): self = .metrics
    case (2..., "api"):
      guard let route = Self.api(Array(words.dropFirst())) else { return nil }
      self = route
    default: return nil
    }
  }

  private static func api(_ words: [String]) -> PeopleRoute? {
    switch (words[0], words.count) {
    case ("sign-in", 1): .signIn
    case ("sign-out", 1): .signOut
    case ("me", 1): .me
    case ("agents", 1): .sessions
    case ("agents", 2): words[1] == "stream" ? .sessionsStream : .session(words[1])
    case ("agents", 3):
      switch words[2] {
      case "logs": .log(words[1])
      case "raw": .raw(words[1])
      case "controls": .controls(words[1])
      case "questions": .questions(words[1])
      case "control": .control(words[1])
      default: nil
      }
    case ("clients", 1): .devices
    case ("clients", 2):
      switch words[1] {
      case "pairing-codes": .pairingCodes
      case "approvals": .approvals
      default: .device(words[1])
      }
    case ("clients", 3): words[1] == "approvals" ? .approval(words[2]) : nil
    default: nil
    }
  }

  var methods: [HTTPRequest.Method] {
    switch self {
    case .signIn, .signOut, .control, .pairingCodes, .approval: [.post]
    case .device: [.delete]
    case .sessions: [.get, .post]
    case .health, .readiness: [.get, .head]
    default: [.get]
    }
  }

  /// Whether anybody may ask.
  var isOpen: Bool { self == .signIn || self == .health || self == .readiness }
}
