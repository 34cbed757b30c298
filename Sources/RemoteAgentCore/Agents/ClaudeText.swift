/// Claude's stream-json events as text, one after the other.
struct ClaudeText: Sendable {
  /// Whether the turn has said something already: its result says the last of it once more.
  private var hasSpoken = false
  /// The prompt that was sent last.
  private var sent: (uuid: String, origin: PromptOrigin)?

  /// Whether an event is one of claude's whatever prints it: each of them names its session.
  static func isCertain(_ event: JSON) -> Bool {
    guard event["session_id"]?.string != nil else { return false }
    return switch event["type"]?.string {
    case "system": event["subtype"]?.string != nil
    case "assistant", "user": event["message"]?.members != nil
    case "result": event["subtype"]?.string != nil && event["is_error"]?.bool != nil
    default: false
    }
  }

  /// A prompt was sent: claude names it by its id when it takes it up.
  mutating func promptSent(uuid: String, from origin: PromptOrigin) { sent = (uuid, origin) }

  /// What is shown of an event, as whole lines, perhaps none; nil if it is none that claude has.
  mutating func text(of event: JSON) -> String? {
    switch event["type"]?.string {
    case "assistant": return blocks(of: event).map { assistant($0) }.joined()
    case "user":
      let isReplay = event["isReplay"]?.bool == true
      // A prompt begins a turn.
      if isReplay { hasSpoken = false }
      return blocks(of: event).map { isReplay ? prompt($0, uuid: event["uuid"]?.string) : tool($0) }.joined()
    case "result":
      defer { hasSpoken = false }
      return result(event)
    case "system": return system(event)
    case "control_request": return question(event["request"] ?? nil)
    case "control_response", "control_cancel_request", "keep_alive": return ""
    default: return event["session_id"]?.string == nil ? nil : ""
    }
  }

  private func blocks(of event: JSON) -> [JSON] {
    guard let content = event["message"]?["content"] else { return [] }
    if let text = content.string { return [["type": "text", "text": .string(text)]] }
    return content.array ?? []
  }

  private mutating func assistant(_ block: JSON) -> String {
    switch block["type"]?.string {
    case "text":
      hasSpoken = true
      return ShownText.whole(block["text"]?.string ?? "")
    case "tool_use", "server_tool_use":
      return "[\(block["name"]?.string ?? "tool")] \(ShownText.input(block["input"] ?? nil))\n"
    default: return ""
    }
  }

  private func prompt(_ block: JSON, uuid: String?) -> String {
    guard block["type"]?.string == "text" else { return "" }
    return ShownText.prompt(block["text"]?.string ?? "", from: sent?.uuid == uuid ? sent?.origin : nil)
  }

  private func question(_ request: JSON) -> String {
    guard request["subtype"]?.string == "can_use_tool" else { return "" }
    return ShownText.question(request["tool_name"]?.string ?? "a tool", ShownText.input(request["input"] ?? nil))
  }

  private func tool(_ block: JSON) -> String {
    guard block["type"]?.string == "tool_result" else { return "" }
    return ShownText.beginning(
      of: resultText(block["content"] ?? nil), prefix: block["is_error"]?.bool == true ? "  ! " : "  | ")
  }

  private func result(_ event: JSON) -> String {
    if event["is_error"]?.bool == true, event["terminal_reason"]?.string?.hasPrefix("aborted") == true {
      return "[interrupted]\n"
    }
    if event["is_error"]?.bool == true || event["subtype"]?.string?.hasPrefix("error") == true {
      let why = event["result"]?.string ?? event["subtype"]?.string ?? "no reason given"
      return "[error: \(ShownText.flat(why))]\n"
    }
    // With `--output-format json` there is the result only.
    let answer = hasSpoken ? "" : ShownText.whole(event["result"]?.string ?? "")
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
    return answer + (parts.isEmpty ? "[done]\n" : "[done: \(parts.joined(separator: ", "))]\n")
  }

  private func system(_ event: JSON) -> String {
    switch event["subtype"]?.string {
    case "api_retry":
      let attempt = event["attempt"]?.integer.map { " \($0)" } ?? ""
      return "[the model's server failed; attempt\(attempt)]\n"
    case "permission_denied": return "[not permitted: \(event["tool_name"]?.string ?? "a tool")]\n"
    default: return ""
    }
  }

  private func resultText(_ content: JSON) -> String {
    if let text = content.string { return text }
    return (content.array ?? []).map { $0["text"]?.string ?? "[\($0["type"]?.string ?? "?")]" }.joined(separator: "\n")
  }
}
