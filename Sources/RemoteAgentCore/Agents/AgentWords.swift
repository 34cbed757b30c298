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
    guard let type = event["type"]?.string else { return .unknown }
    switch type {
    case "assistant": return words(claude(event))
    // An end says nothing new, unless it is an error.
    case "result": return event["is_error"]?.bool == true ? words(claude(event)) : .nothing
    case "item.started", "item.completed", "turn.failed": return words(codex(event))
    // gemini's.
    case "message": return event["role"]?.string == "assistant" ? words(event["content"]?.string) : .nothing
    case "user", "system", "stream_event", "command_lifecycle", "control_request", "control_response", "keep_alive",
      "thread.started", "turn.started", "turn.completed":
      return .nothing
    default:
      let isBookkeeping = event["session_id"]?.string != nil || codex(event) == ""
      return isBookkeeping ? .nothing : .unknown
    }
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
}
