/// The events of `gemini --output-format stream-json` as text, one after the other.
///
/// What it says comes in parts that are no lines: the last one of a line is waited for.
struct GeminiText: Sendable {
  /// The longest line that is waited for, in bytes.
  private static let longestLine = 1 << 16

  private var sent: PromptOrigin?
  /// What it said of a line that has not ended.
  private var begun = ""
  private var lastError: String?

  /// Whether an event is one of gemini's whatever prints it: the first one that it prints.
  static func isCertain(_ event: JSON) -> Bool {
    event["type"]?.string == "init" && event["session_id"]?.string != nil && event["model"]?.string != nil
  }

  mutating func promptSent(uuid: String, from origin: PromptOrigin) { sent = origin }

  /// What is shown of an event, as whole lines, perhaps none; nil if it is none that gemini has.
  mutating func text(of event: JSON) -> String? {
    switch event["type"]?.string {
    case "init": return finish()
    case "message":
      guard let role = event["role"]?.string, let content = event["content"]?.string else { return nil }
      return role == "user" ? finish() + prompt(content) : said(content, isPart: event["delta"]?.bool == true)
    case "tool_use":
      return finish() + "[\(event["tool_name"]?.string ?? "tool")] \(ShownText.input(event["parameters"] ?? nil))\n"
    case "tool_result": return finish() + gave(event)
    case "error":
      guard let why = event["message"]?.string else { return nil }
      if event["severity"]?.string == "warning" { return finish() + "[warning: \(ShownText.flat(why))]\n" }
      lastError = why
      return finish() + error(why)
    case "result":
      guard let status = event["status"]?.string else { return nil }
      defer { lastError = nil }
      if status == "success" { return finish() + done(event["stats"] ?? nil) }
      let why = event["error"]?["message"]?.string ?? lastError ?? "no reason given"
      return finish() + (why == lastError ? "" : error(why))
    default: return nil
    }
  }

  /// What was held of a line that never ended.
  mutating func finish() -> String {
    defer { begun = "" }
    return ShownText.whole(begun)
  }

  private mutating func said(_ content: String, isPart: Bool) -> String {
    guard isPart, begun.utf8.count + content.utf8.count <= GeminiText.longestLine else {
      begun += content
      return finish()
    }
    // What was begun has no end in it: it is not searched again with each part.
    guard let end = content.utf8.lastIndex(of: UInt8(ascii: "\n")) else {
      begun += content
      return ""
    }
    let next = content.utf8.index(after: end)
    let lines = begun + content[..<next]
    begun = String(content[next...])
    return lines
  }

  private mutating func prompt(_ content: String) -> String {
    defer { sent = nil }
    return ShownText.prompt(content, from: sent)
  }

  private func gave(_ event: JSON) -> String {
    let hasFailed = event["status"]?.string == "error"
    let text = hasFailed ? event["error"]?["message"]?.string ?? event["output"]?.string : event["output"]?.string
    return ShownText.beginning(of: text ?? (hasFailed ? "failed" : ""), prefix: hasFailed ? "  ! " : "  | ")
  }

  private func error(_ why: String) -> String { "[error: \(ShownText.flat(why))]\n" }

  private func done(_ stats: JSON) -> String {
    guard let input = stats["input_tokens"]?.integer, let output = stats["output_tokens"]?.integer else {
      return "[done]\n"
    }
    return "[done: \(input) tokens in, \(output) out]\n"
  }
}
