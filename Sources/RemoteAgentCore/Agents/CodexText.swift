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
    case "item.started": return CodexItem(event["item"])?.begun
    case "item.completed": return CodexItem(event["item"])?.ended
    case let type? where type.hasPrefix("item."): return ""
    default: return nil
    }
  }

  private func error(_ why: String) -> String { "[error: \(ShownText.flat(why))]\n" }

  private func done(_ usage: JSON) -> String {
    guard let input = usage["input_tokens"]?.integer, let output = usage["output_tokens"]?.integer else {
      return "[done]\n"
    }
    return "[done: \(input) tokens in, \(output) out]\n"
  }
}
