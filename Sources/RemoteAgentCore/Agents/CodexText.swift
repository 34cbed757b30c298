/// The events of `codex exec --json` as text, one after the other.
struct CodexText: Sendable {
  /// What `error` said last: `turn.failed` says it once more.
  private var lastError: String?

  /// Whether an event is one of codex's whatever prints it: the first one that it prints.
  static func isCertain(_ event: JSON) -> Bool {
    event["type"]?.string == "thread.started" && event["thread_id"]?.string != nil
  }

  /// What is shown of an event, as whole lines, perhaps none; nil if it is none that codex has.
  mutating func text(of event: JSON) -> String? {
    switch event["type"]?.string {
    case "thread.started", "turn.started": return ""
    case "turn.completed":
      lastError = nil
      return done(event["usage"] ?? nil)
    case "turn.failed":
      defer { lastError = nil }
      let why = event["error"]?["message"]?.string ?? "no reason given"
      return why == lastError ? "" : error(why)
    case "error":
      guard let why = event["message"]?.string else { return nil }
      lastError = why
      return error(why)
    case "item.started": return event["item"].flatMap { $0["type"]?.string == nil ? nil : begun($0) }
    case "item.completed": return event["item"].flatMap { $0["type"]?.string == nil ? nil : ended($0) }
    case let type? where type.hasPrefix("item."): return ""
    default: return nil
    }
  }

  private func begun(_ item: JSON) -> String {
    switch item["type"]?.string {
    case "command_execution": "[command] \(ShownText.flat(item["command"]?.string ?? ""))\n"
    case "mcp_tool_call":
      "[\(item["server"]?.string ?? "?").\(item["tool"]?.string ?? "tool")] \(arguments(item["arguments"] ?? nil))\n"
    default: ""
    }
  }

  private func ended(_ item: JSON) -> String {
    let hasFailed = item["status"]?.string == "failed" || item["status"]?.string == "declined"
    switch item["type"]?.string {
    case "agent_message", "plan": return ShownText.whole(item["text"]?.string ?? "")
    case "reasoning": return "[thinking] \(ShownText.flat(item["text"]?.string ?? ""))\n"
    case "command_execution":
      let code = item["exit_code"]?.integer
      if item["status"]?.string == "declined" { return "  ! not permitted\n" }
      let output = ShownText.beginning(
        of: item["aggregated_output"]?.string ?? "", prefix: hasFailed || code ?? 0 != 0 ? "  ! " : "  | ")
      return output.isEmpty && code ?? 0 != 0 ? "  ! status \(code ?? 0)\n" : output
    case "file_change":
      let changes = (item["changes"]?.array ?? []).map {
        "\($0["kind"]?.string ?? "change") \($0["path"]?.string ?? "?")"
      }
      return "[file change\(hasFailed ? " failed" : "")] \(ShownText.flat(changes.joined(separator: ", ")))\n"
    case "mcp_tool_call":
      if let why = item["error"]?["message"]?.string { return ShownText.beginning(of: why, prefix: "  ! ") }
      let content = item["result"]?["content"]?.array ?? []
      return ShownText.beginning(
        of: content.map { $0["text"]?.string ?? "[\($0["type"]?.string ?? "?")]" }.joined(separator: "\n"),
        prefix: hasFailed ? "  ! " : "  | ")
    case "web_search": return "[web search] \(ShownText.flat(item["query"]?.string ?? ""))\n"
    // It goes on all the same.
    case "error": return "[warning: \(ShownText.flat(item["message"]?.string ?? "no reason given"))]\n"
    default: return ""
    }
  }

  private func arguments(_ arguments: JSON) -> String {
    arguments.members?.isEmpty == false ? ShownText.flat(arguments.text) : ""
  }

  private func error(_ why: String) -> String { "[error: \(ShownText.flat(why))]\n" }

  private func done(_ usage: JSON) -> String {
    guard let input = usage["input_tokens"]?.integer, let output = usage["output_tokens"]?.integer else {
      return "[done]\n"
    }
    return "[done: \(input) tokens in, \(output) out]\n"
  }
}
