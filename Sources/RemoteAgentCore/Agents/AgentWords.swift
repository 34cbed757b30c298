/// What one event of an agent's says to a person, seen by itself: for the last line of a session.
package enum AgentWords {
  /// What a line that is JSON came to.
  package enum Reading: Sendable, Equatable {
    /// What the agent said or did, as lines; not yet safe for a terminal.
    case words(String)
    /// An event that says nothing: a beginning, an end, what came back to the agent.
    case nothing
    /// None of the events that are known.
    case unknown
  }

  package static func read(_ event: JSON) -> Reading {
    guard let type = event["type"]?.string else { return codexServer(event) }
    switch type {
    // A question is what is waited for.
    case "assistant", "control_request": return words(claude(event))
    // An end says nothing new, unless it is an error.
    case "result":
      if event["status"]?.string == "error" { return words(gemini(event)) }
      return event["is_error"]?.bool == true ? words(claude(event)) : .nothing
    case "item.started", "item.completed", "turn.failed": return words(codex(event))
    case "message": return event["role"]?.string == "assistant" ? words(event["content"]?.string) : .nothing
    case "tool_use" where event["tool_name"] != nil: return words(gemini(event))
    case "tool_result" where event["tool_id"] != nil: return .nothing
    case "error" where event["severity"] != nil: return words(gemini(event))
    case "user", "system", "stream_event", "command_lifecycle", "control_response", "control_cancel_request",
      "keep_alive",
      "thread.started", "turn.started", "turn.completed":
      return .nothing
    default:
      let isBookkeeping = event["session_id"]?.string != nil || codex(event) == ""
      return isBookkeeping ? .nothing : .unknown
    }
  }

  private static func codexServer(_ message: JSON) -> Reading {
    if let names = message.members?.map(\.name), names == ["id", "result"] { return .nothing }
    guard let method = message["method"]?.string else { return .unknown }
    var text = CodexServerText()
    // Its prompts come back to it; what it began and did not end is what it does.
    if message["params"]?["item"]?["type"]?.string == "userMessage" { return .nothing }
    if method == "turn/completed", message["params"]?["turn"]?["status"]?.string != "failed" { return .nothing }
    let said = words(text.text(of: message))
    let isKnown =
      CodexServerText.isCertain(message) || CodexQuestion(method) != nil
      || message["params"]?["threadId"]?.string != nil
    return isKnown ? said : .unknown
  }

  private static func words(_ text: String?) -> Reading { text?.isEmpty == false ? .words(text ?? "") : .nothing }

  private static func claude(_ event: JSON) -> String? {
    var text = ClaudeText()
    return text.text(of: event)
  }

  private static func codex(_ event: JSON) -> String? {
    var text = CodexText()
    return text.text(of: event)
  }

  private static func gemini(_ event: JSON) -> String? {
    var text = GeminiText()
    return text.text(of: event)
  }
}
