/// The messages of `codex app-server` as text, one after the other.
struct CodexServerText: Sendable {
  /// The first one that is heard of: the ends of others' turns, its own agents', are no ends of ours.
  private var thread: String?
  /// The prompt that was sent last.
  private var sent: (uuid: String, origin: PromptOrigin)?
  /// The file changes that were begun last, by their item: a question about them does not say them.
  private var changes: (item: String?, text: String)?
  /// What `error` said last: the end of the turn says it once more.
  private var lastError: String?
  /// Tokens of the thread so far, and when the turn before ended.
  private var tokens = (in: Int64(0), out: Int64(0))
  private var tokensBefore = (in: Int64(0), out: Int64(0))

  /// Whether a message is one of codex's whatever prints it: the first one that it prints, or one that names its thread.
  static func isCertain(_ message: JSON) -> Bool {
    if let result = message["result"] {
      return message["id"] != nil && result["userAgent"]?.string != nil && result["codexHome"]?.string != nil
    }
    guard let method = message["method"]?.string else { return false }
    return ["thread/", "turn/", "item/"].contains { method.hasPrefix($0) }
      && (message["params"]?["threadId"]?.string ?? message["params"]?["thread"]?["id"]?.string) != nil
  }

  mutating func promptSent(uuid: String, from origin: PromptOrigin) { sent = (uuid, origin) }

  /// What is shown of a message, as whole lines, perhaps none; nil if it is none that codex has.
  mutating func text(of message: JSON) -> String? {
    guard let method = message["method"]?.string else {
      guard message["id"] != nil, message["result"] ?? message["error"] != nil else { return nil }
      return message["error"]?["message"]?.string.map { error($0) } ?? ""
    }
    let params = message["params"] ?? nil
    if thread == nil { thread = params["threadId"]?.string }
    if message["id"] != nil { return question(method, params) }
    switch method {
    case "item/started":
      guard let item = CodexItem(params["item"]) else { return "" }
      if item.kind == "file_change" { changes = (params["item"]?["id"]?.string, ShownText.flat(item.changes)) }
      return item.begun
    case "item/completed":
      guard params["item"]?["type"]?.string == "userMessage" else { return CodexItem(params["item"])?.ended ?? "" }
      return prompt(params["item"] ?? nil)
    case "thread/tokenUsage/updated":
      guard let total = params["tokenUsage"]?["total"], isOurs(params) else { return "" }
      tokens = (total["inputTokens"]?.integer ?? 0, total["outputTokens"]?.integer ?? 0)
      return ""
    case "turn/completed": return isOurs(params) ? ended(params["turn"] ?? nil) : ""
    case "error":
      let why = params["error"]?["message"]?.string ?? "no reason given"
      guard params["willRetry"]?.bool != true else { return "[warning: \(ShownText.flat(why))]\n" }
      lastError = why
      return error(why)
    case "warning", "configWarning":
      return (params["message"]?.string ?? params["summary"]?.string).map { "[warning: \(ShownText.flat($0))]\n" } ?? ""
    default: return ""
    }
  }

  private func isOurs(_ params: JSON) -> Bool { params["threadId"]?.string == thread }

  private func question(_ method: String, _ params: JSON) -> String {
    guard let kind = CodexQuestion(method) else { return "" }
    return ShownText.question(kind.tool(server: params["serverName"]?.string), what(kind, params))
  }

  private func what(_ kind: CodexQuestion, _ params: JSON) -> String {
    let reason = params["reason"]?.string ?? ""
    return switch kind {
    case .command: params["command"]?.string ?? reason
    case .legacyCommand: (params["command"]?.array ?? []).compactMap { $0.string }.joined(separator: " ")
    case .fileChange: changes?.item == params["itemId"]?.string ? changes?.text ?? reason : reason
    case .legacyPatch: (params["fileChanges"]?.members ?? []).map { $0.name }.joined(separator: ", ")
    case .permissions: reason.isEmpty ? params["permissions"]?.text ?? "" : reason
    case .elicitation: params["message"]?.string ?? ""
    }
  }

  private func prompt(_ item: JSON) -> String {
    let text = (item["content"]?.array ?? []).compactMap { $0["text"]?.string }.joined(separator: "\n")
    let isSent = sent != nil && item["clientId"]?.string == sent?.uuid
    return text.isEmpty ? "" : ShownText.prompt(text, from: isSent ? sent?.origin : nil)
  }

  private mutating func ended(_ turn: JSON) -> String {
    defer {
      lastError = nil
      tokensBefore = tokens
    }
    switch turn["status"]?.string {
    case "completed":
      let spent = (
        in: tokens.in.subtractingReportingOverflow(tokensBefore.in),
        out: tokens.out.subtractingReportingOverflow(tokensBefore.out)
      )
      guard tokens != tokensBefore, !spent.in.overflow, !spent.out.overflow else { return "[done]\n" }
      return "[done: \(spent.in.partialValue) tokens in, \(spent.out.partialValue) out]\n"
    case "interrupted": return "[interrupted]\n"
    default:
      let why = turn["error"]?["message"]?.string ?? lastError ?? "no reason given"
      return why == lastError ? "" : error(why)
    }
  }

  private func error(_ why: String) -> String { "[error: \(ShownText.flat(why))]\n" }
}
