package import RemoteAgentCore

/// What the hub's own commands ask it for: one JSON object on one line.
///
/// The answer is lines too: `{"ok":…}` or `{"error":{"code","message"}}`; then, after `ok`, the items asked for, a JSON object a
/// line; then `{}`, which no item is. An answer without it was broken off.
package enum AdministrationRequest: Sendable, Equatable {
  /// A new pairing code on these terms. `ok` is `{"code","url","ca","command","expiresAt","expiresIn"}`.
  case code(PairingTerms)
  /// The sessions, the last begun first. `ok` is `{}`.
  case sessions(limit: Int64)
  case devices
  /// A session's envelopes beyond `after`, as they are stored. `ok` is the session.
  ///
  /// With `follow` they go on until the session has ended.
  case logs(id: String, after: Int64, follow: Bool)
  /// `ok` is the device.
  case revoke(clientId: String)
  /// The devices that ask to be paired, the oldest request first.
  case approvals
  /// Allows or denies one of them. `ok` is the request.
  case decide(userCode: String, Approval.Decision)
  /// A sign-in link for somebody. `ok` is `{"token","url","localUrl","link","expiresAt"}`; `link` is the one of the two URLs
  /// that was asked for, if there is one.
  case link(name: String, isLocal: Bool)
  /// A token for a script. `ok` is `{"token","id","name"}`.
  case createToken(name: String)
  /// The scripts' and browsers' tokens.
  case tokens
  /// `ok` is `{"id"}`.
  case revokeToken(id: String)
  /// Has an agent started: what `POST /api/agents` takes. `ok` is `{"id"}`.
  case start(JSON)
  /// Sends a control; `approve` without a `requestId` has to deny, and is about the only question that is open: `name_it` if not.
  /// `ok` is `{"seq","id"}`, and `approval`, the question with all that it is about, if that is open.
  case send(id: String, payload: JSON)
  /// What a session's agent asks and nobody has decided, the oldest first: `{"requestId","tool","input"?,"inputBytes"?}`. `ok` is
  /// `{"id"}`.
  case questions(id: String)
  /// The last 100 controls of a session and what became of each, as `GET /api/agents/{id}/controls` tells them. `ok` is `{"id"}`.
  case controls(id: String)

  /// The longest request, in bytes.
  package static let maximumSize = 1 << 20

  package var json: JSON {
    switch self {
    case .code(let terms): ["verb": "code", "terms": terms.json]
    case .sessions(let limit): ["verb": "sessions", "limit": .integer(limit)]
    case .devices: ["verb": "devices"]
    case .logs(let id, let after, let follow):
      ["verb": "logs", "id": .string(id), "after": .integer(after), "follow": .bool(follow)]
    case .revoke(let clientId): ["verb": "revoke", "clientId": .string(clientId)]
    case .approvals: ["verb": "approvals"]
    case .decide(let userCode, let decision):
      ["verb": "decide", "userCode": .string(userCode), "decision": .string(decision.rawValue)]
    case .link(let name, let isLocal): ["verb": "link", "name": .string(name), "local": .bool(isLocal)]
    case .createToken(let name): ["verb": "createToken", "name": .string(name)]
    case .tokens: ["verb": "tokens"]
    case .revokeToken(let id): ["verb": "revokeToken", "id": .string(id)]
    case .start(let what): ["verb": "start", "start": what]
    case .send(let id, let payload): ["verb": "send", "id": .string(id), "payload": payload]
    case .questions(let id): ["verb": "questions", "id": .string(id)]
    case .controls(let id): ["verb": "controls", "id": .string(id)]
    }
  }

  package init(parsing line: some Sequence<UInt8>) throws(AdministrationError) {
    guard let json = try? JSON(parsing: line), let verb = json["verb"]?.string else {
      throw .badRequest("the request must be a JSON object with a verb")
    }
    switch verb {
    case "code":
      do throws(Problem) {
        self = .code(try PairingTerms(json["terms"] ?? [:]))
      } catch {
        throw .badRequest(error.detail)
      }
    case "sessions": self = .sessions(limit: try Self.number("limit", of: json, in: 1...10_000))
    case "devices": self = .devices
    case "logs":
      self = .logs(
        id: try Self.text("id", of: json), after: try Self.number("after", of: json, in: 0...(1 << 53)),
        follow: json["follow"]?.bool ?? false)
    case "revoke": self = .revoke(clientId: try Self.text("clientId", of: json))
    case "approvals": self = .approvals
    case "decide":
      guard let decision = Approval.Decision(rawValue: try Self.text("decision", of: json)) else {
        throw .badRequest("decision must be allow or deny")
      }
      self = .decide(userCode: try Self.text("userCode", of: json), decision)
    case "link": self = .link(name: try Self.name(of: json), isLocal: json["local"]?.bool ?? true)
    case "createToken": self = .createToken(name: try Self.name(of: json))
    case "tokens": self = .tokens
    case "revokeToken": self = .revokeToken(id: try Self.text("id", of: json))
    case "start":
      guard let what = json["start"], what.members != nil else { throw .badRequest("the start must be an object") }
      self = .start(what)
    case "send":
      guard let payload = json["payload"], payload["action"]?.string != nil else {
        throw .badRequest("the payload must be an object with an action")
      }
      self = .send(id: try Self.text("id", of: json), payload: payload)
    case "questions": self = .questions(id: try Self.text("id", of: json))
    case "controls": self = .controls(id: try Self.text("id", of: json))
    default: throw .badRequest("there is no such verb")
    }
  }

  private static func text(_ name: String, of json: JSON) throws(AdministrationError) -> String {
    guard let text = json[name]?.string else { throw .badRequest("\(name) is missing") }
    return text
  }

  /// What a person calls a browser or script.
  private static func name(of json: JSON) throws(AdministrationError) -> String {
    let name = try text("name", of: json)
    guard (1...64).contains(name.utf8.count),
      !name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F })
    else { throw .badRequest("a name has 1 to 64 bytes, and no control characters") }
    return name
  }

  private static func number(
    _ name: String, of json: JSON, in range: ClosedRange<Int64>
  ) throws(AdministrationError) -> Int64 {
    guard let number = json[name]?.integer, range.contains(number) else {
      throw .badRequest("\(name) must be from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }
}
