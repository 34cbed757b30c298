/// An item of codex's, by either of its outputs: `exec --json` writes `command_execution`, the app-server `commandExecution`.
struct CodexItem {
  private let item: JSON
  /// As `exec --json` writes it.
  let kind: String

  /// Nil if it is none.
  init?(_ item: JSON?) {
    guard let item, let type = item["type"]?.string else { return nil }
    self.item = item
    kind = CodexItem.snake(type)
  }

  /// What is shown of its beginning, as whole lines, perhaps none.
  var begun: String {
    switch kind {
    case "command_execution": "[command] \(ShownText.flat(item["command"]?.string ?? ""))\n"
    case "mcp_tool_call":
      "[\(item["server"]?.string ?? "?").\(item["tool"]?.string ?? "tool")] \(arguments(item["arguments"] ?? nil))\n"
    default: ""
    }
  }

  /// What is shown of its end.
  var ended: String {
    let hasFailed = item["status"]?.string == "failed" || item["status"]?.string == "declined"
    switch kind {
    case "agent_message", "plan": return ShownText.whole(item["text"]?.string ?? "")
    case "reasoning":
      let text = item["text"]?.string ?? strings("summary").joined(separator: " ")
      return text.isEmpty && item["text"] == nil ? "" : "[thinking] \(ShownText.flat(text))\n"
    case "command_execution":
      let code = self["exit_code"]?.integer
      if item["status"]?.string == "declined" { return "  ! not permitted\n" }
      let output = ShownText.beginning(
        of: self["aggregated_output"]?.string ?? "", prefix: hasFailed || code ?? 0 != 0 ? "  ! " : "  | ")
      return output.isEmpty && code ?? 0 != 0 ? "  ! status \(code ?? 0)\n" : output
    case "file_change": return "[file change\(hasFailed ? " failed" : "")] \(ShownText.flat(changes))\n"
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

  /// What happens to which files.
  var changes: String {
    (item["changes"]?.array ?? []).map { change in
      let kind = change["kind"]?.string ?? change["kind"]?["type"]?.string ?? "change"
      return "\(kind) \(change["path"]?.string ?? "?")"
    }.joined(separator: ", ")
  }

  private func strings(_ name: String) -> [String] { (item[name]?.array ?? []).compactMap { $0.string } }

  private func arguments(_ arguments: JSON) -> String {
    arguments.members?.isEmpty == false ? ShownText.flat(arguments.text) : ""
  }

  /// The member, by either spelling.
  private subscript(name: String) -> JSON? {
    item[name] ?? item.members?.first { CodexItem.snake($0.name) == name }?.value
  }

  private static func snake(_ name: String) -> String {
    var snake = ""
    for character in name {
      if character.isASCII, character.isUppercase {
        snake += "_\(character.lowercased())"
      } else {
        snake.append(character)
      }
    }
    return snake
  }
}
