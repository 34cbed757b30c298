import RemoteAgentCore

/// What happened to an agent, as a sentence. Not yet safe for a terminal (`TerminalText`).
enum StatusText {
  private static let longestCommand = 200

  /// The sentence for a `status` payload (PROTOCOL, status); one that is not as it should be is told member by member.
  static func sentence(_ status: JSON) -> String? {
    guard let state = status["state"]?.string else { return members(of: status) }
    let sentence =
      switch state {
      case "starting": starting(status)
      case "running": status["pid"]?.integer.map { "running as process \($0)" }
      case "turn": turn(status)
      case "exited": exited(status)
      case "error": status["message"]?.string.map { "error: \($0)" }
      case "control": control(status)
      case "approval": approval(status)
      case "gap": gap(status)
      case "end": end(status)
      default: nil as String?
      }
    return sentence ?? members(of: status)
  }

  private static func starting(_ status: JSON) -> String? {
    guard let agent = status["agent"]?.string else { return nil }
    let place = status["cwd"]?.string.map { " in \(ShellWord.quoted($0))" } ?? ""
    // In session mode the words are our own.
    if status["mode"]?.string == "session" { return "starting \(agent)\(place), to be prompted" }
    let words = (status["argv"]?.array ?? []).compactMap(\.string).map(ShellWord.quoted)
    let command = words.isEmpty ? agent : words.joined(separator: " ")
    return "starting \(command.count > longestCommand ? command.prefix(longestCommand) + "…" : command[...])\(place)"
  }

  private static func turn(_ status: JSON) -> String? {
    guard let number = status["turn"]?.integer else { return nil }
    let detail = status["detail"]?.string.map { ": \($0)" } ?? ""
    return switch status["outcome"]?.string {
    case "started": "turn \(number) started"
    case "ok": "turn \(number) done"
    case "error": "turn \(number) failed\(detail)"
    case "incomplete": "turn \(number) is incomplete\(detail)"
    default: nil
    }
  }

  private static func exited(_ status: JSON) -> String? {
    let how: String
    if let code = status["code"]?.integer {
      how = "exited with status \(code)"
    } else if let signal = status["signal"]?.string {
      how = "killed by signal \(signal)"
    } else {
      return nil
    }
    let time = status["durationMs"]?.integer.flatMap(duration).map { " after \($0)" } ?? ""
    return how + time + (status["outcome"]?.string.map { " (\($0))" } ?? "")
  }

  private static func control(_ status: JSON) -> String? {
    guard let seq = status["seq"]?.integer else { return nil }
    return switch status["result"]?.string {
    case "applied": "control \(seq) applied"
    case "refused": "control \(seq) refused" + (status["reason"]?.string.map { ": \($0)" } ?? "")
    default: nil
    }
  }

  /// The request's name is what `ra-hub send ID approve` takes.
  private static func approval(_ status: JSON) -> String? {
    guard let request = status["requestId"]?.string else { return nil }
    guard let decision = status["decision"] else {
      guard let tool = status["tool"]?.string else { return nil }
      let wants = wanted(status).map { ": \($0)" } ?? ""
      let time = status["expiresIn"]?.integer.map { ", within \($0) s" } ?? ""
      return "asks to use \(tool)\(wants) [request \(request)\(time)]"
    }
    let word: String
    switch decision.string {
    case "allow": word = "allowed"
    case "deny": word = "denied"
    case "withdrawn": word = "not asked any more"
    default: return nil
    }
    let who = status["by"]?.string.map { $0 == "timeout" ? ": nobody answered in time" : " by \($0)" } ?? ""
    return word + who + (status["message"]?.string.map { ": \($0)" } ?? "") + " [request \(request)]"
  }

  /// What the tool is to be given, or the member of it that says most.
  private static func wanted(_ status: JSON) -> String? {
    if let bytes = status["inputBytes"]?.integer { return "\(bytes) bytes, left out" }
    guard let input = status["input"] else { return nil }
    let telling = ["command", "file_path", "path", "url", "query"].compactMap { input[$0]?.string }.first
    let text = telling ?? input.text
    return text.count > longestCommand ? text.prefix(longestCommand) + "…" : text
  }

  private static func gap(_ status: JSON) -> String? {
    guard let from = status["from"]?.integer, let to = status["to"]?.integer else { return nil }
    let what = from == to ? "line \(from)" : "lines \(from) to \(to)"
    return "gap: \(what) lost" + (status["reason"]?.string.map { " (\($0))" } ?? "")
  }

  private static func end(_ status: JSON) -> String? {
    guard let lines = status["lines"]?.integer, let bytes = status["bytes"]?.integer else { return nil }
    return "end: \(lines) \(lines == 1 ? "line" : "lines"), \(bytes) \(bytes == 1 ? "byte" : "bytes")"
  }

  /// Nil if it can't be: somebody's clock or arithmetic is wrong.
  private static func duration(_ milliseconds: Int64) -> String? {
    guard milliseconds >= 0 else { return nil }
    let seconds = milliseconds / 1000
    return switch seconds {
    case ..<60: "\(seconds).\(milliseconds % 1000 / 100) s"
    case ..<3600: "\(seconds / 60) min \(seconds % 60) s"
    default: "\(seconds / 3600) h \(seconds % 3600 / 60) min"
    }
  }

  private static func members(of status: JSON) -> String? {
    guard let members = status.members else { return nil }
    var words: [String] = members.filter { $0.name == "state" }.map { $0.value.string ?? $0.value.text }
    for member in members where member.name != "state" && member.value != .null {
      words += [member.name, member.value.string ?? member.value.text]
    }
    return words.joined(separator: " ")
  }
}
