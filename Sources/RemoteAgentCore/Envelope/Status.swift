/// What the hub reads in `status` payloads (PROTOCOL section 4, status). What it can't read it stores all the same.
package enum Status: Sendable, Equatable {
  case starting(agent: String?, cwd: String?)
  case running(pid: Int64?)
  case turn(outcome: String?)
  case exited(code: Int64?, signal: String?, outcome: String?)
  case error(message: String?)
  case control(seq: Int64, result: String, reason: String?)
  case gap(from: Int64, to: Int64)
  case end(bytes: Int64, lines: Int64)
  case other

  package init(payload: UnsafeRawBufferPointer) {
    guard let json = try? JSON(parsing: payload), let state = json["state"]?.string else {
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
      self = .control(seq: seq, result: result, reason: json["reason"]?.string)
    case "gap":
      guard let from = json["from"]?.integer, let to = json["to"]?.integer else {
        self = .other
        return
      }
      self = .gap(from: from, to: to)
    case "end": self = .end(bytes: json["bytes"]?.integer ?? 0, lines: json["lines"]?.integer ?? 0)
    default: self = .other
    }
  }

  /// Whether a payload has a `state` that only ra-tunnel may give: `gap` or `end`. Of duplicate members each counts, since
  /// which of them a reader takes is its own affair; more than 512 levels are reserved too.
  package static func isReserved(_ payload: UnsafeRawBufferPointer) -> Bool {
    // Parsed whole, so that an escaped name can't smuggle a state past the scanner.
    guard let members = (try? JSON(parsing: payload, maximumDepth: 512))?.members else { return true }
    return members.contains { $0.name == "state" && ($0.value == "gap" || $0.value == "end") }
  }
}
