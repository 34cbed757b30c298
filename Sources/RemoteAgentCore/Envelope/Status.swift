/// What the hub reads in `status` payloads (PROTOCOL section 4, status). What it can't read it stores all the same.
package enum Status: Sendable, Equatable {
  case starting(agent: String?, cwd: String?)
  case running(pid: Int64?)
  case turn(outcome: String?)
  case exited(code: Int64?, signal: String?, outcome: String?)
  case error(message: String?)
  /// `reason` has at most 4 KiB.
  case control(seq: Int64, result: String, reason: String?)
  case gap(from: Int64, to: Int64)
  case end(bytes: Int64, lines: Int64)
  /// The agent asks to be allowed something; `tool` has at most 256 bytes.
  case asked(requestId: String, tool: String)
  /// What it asked is decided, or not asked any more.
  case answered(requestId: String)
  case other

  /// The longest name of a question, in bytes: cut, it would be another's.
  private static let longestRequestId = 256
  private static let longestTool = 256
  private static let longestReason = 4_096

  package init(payload: UnsafeRawBufferPointer) {
    // What a tool is to be given may be deep.
    guard let json = try? JSON(parsing: payload, maximumDepth: AgentQuestion.maximumDepth + 1),
      let state = json["state"]?.string
    else {
      self = .other
      return
    }
    switch state {
    case "starting": self = .starting(agent: json["agent"]?.string, cwd: json["cwd"]?.string)
    case "running": self = .running(pid: json["pid"]?.integer)
    case "turn": self = .turn(outcome: json["outcome"]?.string)
    case "exited":
      let signal = json["signal"]?.string ?? json["signal"]?.integer.map(String.init)
      self = .exited(code: json["code"]?.integer, signal: signal, outcome: json["outcome"]?.string)
    case "error": self = .error(message: json["message"]?.string)
    case "control":
      guard let seq = json["seq"]?.integer, let result = json["result"]?.string else {
        self = .other
        return
      }
      let reason = json["reason"]?.string.map { Self.beginning(of: $0, atMost: Self.longestReason) }
      self = .control(seq: seq, result: result, reason: reason)
    case "gap":
      guard let from = json["from"]?.integer, let to = json["to"]?.integer else {
        self = .other
        return
      }
      self = .gap(from: from, to: to)
    case "approval":
      guard let requestId = json["requestId"]?.string, Self.takes(requestId: requestId) else {
        self = .other
        return
      }
      self =
        json["decision"] == nil
        ? .asked(requestId: requestId, tool: Self.beginning(of: json["tool"]?.string ?? "", atMost: Self.longestTool))
        : .answered(requestId: requestId)
    case "end": self = .end(bytes: json["bytes"]?.integer ?? 0, lines: json["lines"]?.integer ?? 0)
    default: self = .other
    }
  }

  /// Whether a question of this name can be answered.
  package static func takes(requestId: String) -> Bool {
    (1...longestRequestId).contains(requestId.utf8.count) && !requestId.utf8.contains(0)
  }

  private static func beginning(of text: String, atMost limit: Int) -> String {
    var count = 0
    let scalars = text.unicodeScalars.prefix { scalar in
      count += UTF8.width(scalar)
      return count <= limit
    }
    return String(String.UnicodeScalarView(scalars))
  }

  /// Whether a payload has a `state` that only ra-tunnel may give: `gap` or `end`. Of duplicate members each counts, since
  /// which of them a reader takes is its own affair; more than 512 levels are reserved too.
  package static func isReserved(_ payload: UnsafeRawBufferPointer) -> Bool {
    // Parsed whole, so that an escaped name can't smuggle a state past the scanner.
    guard let members = (try? JSON(parsing: payload, maximumDepth: 512))?.members else { return true }
    return members.contains { $0.name == "state" && ($0.value == "gap" || $0.value == "end") }
  }
}
