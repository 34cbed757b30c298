/// What a hub asks for (PROTOCOL section 4, control), read and checked: who decides on it and who carries it out meet no
/// other forms.
package enum ControlAction: Sendable, Equatable {
  /// Milliseconds.
  package static let longestGrace: Int64 = 3_600_000

  package struct Start: Sendable, Equatable {
    /// A program's name or path; nil: the one that the owner runs.
    package var agent: String?
    package var arguments: [String]
    /// Absolute; nil: the one that the owner's runs in.
    package var folder: String?
    package var prompt: String?
    /// The name of the session that is begun, on the device channel.
    package var session: String?
    package var title: String?

    /// Bytes of a title at most.
    package static let longestTitle = 1024

    package init(
      agent: String? = nil, arguments: [String] = [], folder: String? = nil, prompt: String? = nil,
      session: String? = nil, title: String? = nil
    ) {
      self.agent = agent
      self.arguments = arguments
      self.folder = folder
      self.prompt = prompt
      self.session = session
      self.title = title
    }
  }

  case start(Start)
  /// - graceMs: 0 … `longestGrace`.
  case stop(graceMs: Int64?)
  case prompt(String)
  case signal(ControlSignal)
  /// Bytes for the agent's standard input.
  case input([UInt8])
  // No agent has a terminal yet: that it is well formed is all that is looked at.
  case resize
  case approve(Approval)

  /// The answer to an agent's question.
  package struct Approval: Sendable, Equatable {
    package let requestId: String
    package let isAllowed: Bool
    /// With a denial: what the agent is told.
    package let message: String?

    package init(requestId: String, isAllowed: Bool, message: String? = nil) {
      self.requestId = requestId
      self.isAllowed = isAllowed
      self.message = message
    }
  }

  /// Throws what is wrong with it. A member that is null is one that is missing.
  package init(_ payload: JSON) throws(ControlRefusal) {
    let members = Members(payload: payload)
    guard let action = members["action"]?.string else { throw ControlRefusal("no action is given") }
    switch action {
    case "start": self = .start(try Start(members))
    case "stop": self = .stop(graceMs: try members.grace())
    case "prompt": self = .prompt(try members.text("text"))
    case "signal":
      guard let signal = ControlSignal(rawValue: try members.text("name")) else {
        throw ControlRefusal("there is no signal of that name")
      }
      self = .signal(signal)
    case "input":
      self = .input(try members.input())
    case "resize":
      for name in ["cols", "rows"] {
        guard let size = members[name]?.integer, (1...65535).contains(size) else {
          throw ControlRefusal("\(name) must be a whole number from 1 to 65535")
        }
      }
      self = .resize
    case "approve":
      let (request, decision) = (try members.text("requestId"), try members.text("decision"))
      guard ["allow", "deny"].contains(decision) else { throw ControlRefusal("decision must be allow or deny") }
      self = .approve(
        Approval(
          requestId: request, isAllowed: decision == "allow", message: try members.optionalText("message")))
    default: throw ControlRefusal("there is no such action")
    }
  }
}

/// Why a control is not carried out, in words for whoever sent it. Nothing of what he sent is repeated in it.
package struct ControlRefusal: Error, Equatable {
  package let reason: String

  package init(_ reason: String) { self.reason = reason }
}

/// A control's members, read as what they must be.
private struct Members {
  let payload: JSON

  subscript(name: String) -> JSON? {
    guard let value = payload[name], value != .null else { return Optional.none }
    return value
  }

  func text(_ name: String) throws(ControlRefusal) -> String {
    guard let text = self[name]?.string, !text.isEmpty else {
      throw ControlRefusal("\(name) must be a text that is not empty")
    }
    return text
  }

  func optionalText(_ name: String) throws(ControlRefusal) -> String? { self[name] == nil ? nil : try text(name) }

  func grace() throws(ControlRefusal) -> Int64? {
    guard let given = self["graceMs"] else { return nil }
    guard let grace = given.integer, (0...ControlAction.longestGrace).contains(grace) else {
      throw ControlRefusal("graceMs must be a whole number from 0 to \(ControlAction.longestGrace)")
    }
    return grace
  }

  func input() throws(ControlRefusal) -> [UInt8] {
    let (text, encoded) = (self["text"], self["b64"])
    if encoded == nil, let text = text?.string { return Array(text.utf8) }
    if text == nil, let bytes = encoded?.string.flatMap({ Base64.decode($0) }) { return bytes }
    throw ControlRefusal("input needs a text, or b64 in base64")
  }
}

extension ControlAction.Start {
  fileprivate init(_ members: Members) throws(ControlRefusal) {
    self.init(agent: try members.optionalText("agent"), prompt: try members.optionalText("prompt"))
    if let given = members["args"] {
      let texts = given.array?.map(\.string) ?? [nil]
      guard texts.allSatisfy({ $0?.utf8.contains(0) == false }) else {
        throw ControlRefusal("args must be a list of texts without NUL")
      }
      arguments = texts.compactMap { $0 }
    }
    folder = try members.optionalText("cwd")
    guard folder.map({ $0.utf8.first == UInt8(ascii: "/") && !$0.utf8.contains(0) }) ?? true else {
      throw ControlRefusal("cwd must be an absolute path")
    }
    session = try members.optionalText("sessionId")
    guard session.map(SessionDescription.isValidId) ?? true else {
      throw ControlRefusal("sessionId must be a session's name")
    }
    title = try members.optionalText("title")
    guard title.map({ $0.utf8.count <= Self.longestTitle && !$0.utf8.contains(0) }) ?? true else {
      throw ControlRefusal("title must be a text without NUL, of at most \(Self.longestTitle) bytes")
    }
  }
}
