/// Claude's stream-json events as text (AGENTS: claude, Events).
package enum ClaudeText {
  private static let longestInput = 160
  private static let longestResult = (lines: 6, width: 160)

  /// What is shown of an event: nothing, or whole lines. Not yet safe for a terminal (`TerminalText`).
  package static func text(of event: JSON) -> String {
    switch event["type"]?.string {
    case "assistant": blocks(of: event).map(assistant).joined()
    case "user": blocks(of: event).map { user($0, isReplay: event["isReplay"]?.bool == true) }.joined()
    case "result": result(event)
    case "system": system(event)
    default: ""
    }
  }

  private static func blocks(of event: JSON) -> [JSON] {
    guard let content = event["message"]?["content"] else { return [] }
    if let text = content.string { return [["type": "text", "text": .string(text)]] }
    return content.array ?? []
  }

  private static func assistant(_ block: JSON) -> String {
    switch block["type"]?.string {
    case "text": line(block["text"]?.string ?? "")
    case "tool_use", "server_tool_use":
      "[\(block["name"]?.string ?? "tool")] \(input(block["input"] ?? nil))\n"
    default: ""
    }
  }

  private static func user(_ block: JSON, isReplay: Bool) -> String {
    switch block["type"]?.string {
    case "text" where isReplay: prefixed(block["text"]?.string ?? "", "> ", longestResult)
    case "tool_result":
      prefixed(resultText(block["content"] ?? nil), block["is_error"]?.bool == true ? "  ! " : "  | ", longestResult)
    default: ""
    }
  }

  private static func result(_ event: JSON) -> String {
    if event["is_error"]?.bool == true || event["subtype"]?.string?.hasPrefix("error") == true {
      let why = event["result"]?.string ?? event["subtype"]?.string ?? "no reason given"
      return "[error: \(cut(flat(why), longestResult.width))]\n"
    }
    var parts: [String] = []
    if let turns = event["num_turns"]?.integer { parts.append("\(turns) \(turns == 1 ? "turn" : "turns")") }
    if let milliseconds = event["duration_ms"]?.integer {
      parts.append("\(milliseconds / 1000).\(milliseconds % 1000 / 100) s")
    }
    if case .number(let literal)? = event["total_cost_usd"], let cost = Double(literal), cost > 0, cost < 1_000_000 {
      let units = Int((cost * 10_000).rounded())
      let fraction = String(units % 10_000)
      parts.append("$\(units / 10_000).\(String(repeating: "0", count: 4 - fraction.count))\(fraction)")
    }
    return parts.isEmpty ? "[done]\n" : "[done: \(parts.joined(separator: ", "))]\n"
  }

  private static func system(_ event: JSON) -> String {
    switch event["subtype"]?.string {
    case "api_retry":
      let attempt = event["attempt"]?.integer.map { " \($0)" } ?? ""
      return "[the model's server failed; attempt\(attempt)]\n"
    case "permission_denied": return "[not permitted: \(event["tool_name"]?.string ?? "a tool")]\n"
    default: return ""
    }
  }

  /// The member of a tool's input that says most, or all of it.
  private static func input(_ input: JSON) -> String {
    for name in ["command", "file_path", "path", "pattern", "url", "query", "description", "prompt"] {
      if let text = input[name]?.string { return cut(flat(text), longestInput) }
    }
    return input.members?.isEmpty == false ? cut(flat(input.text), longestInput) : ""
  }

  private static func resultText(_ content: JSON) -> String {
    if let text = content.string { return text }
    return (content.array ?? []).map { $0["text"]?.string ?? "[\($0["type"]?.string ?? "?")]" }.joined(separator: "\n")
  }

  private static func line(_ text: String) -> String {
    text.isEmpty || text.hasSuffix("\n") ? text : text + "\n"
  }

  private static func prefixed(_ text: String, _ prefix: String, _ longest: (lines: Int, width: Int)) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    while lines.last?.isEmpty == true { lines.removeLast() }
    var shown = lines.prefix(longest.lines).map { "\(prefix)\(cut(String($0), longest.width))\n" }.joined()
    if lines.count > longest.lines { shown += "\(prefix)… \(lines.count - longest.lines) more lines\n" }
    return shown
  }

  private static func flat(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  private static func cut(_ text: String, _ width: Int) -> String {
    text.utf8.count <= width || text.count <= width ? text : text.prefix(width) + "…"
  }
}
