/// The events of a known agent among the lines of a stream, as text.
///
///     > fix the tests                      a prompt
///     I'll look at them.                   what the agent says
///     [Bash] swift test                    a tool and what it is given
///       | 3 tests failed                   the beginning of what it gave
///     [done: 4 turns, 12.3 s, $0.0123]     or: [error: why]
///
/// Whose they are is known by the agent's name, or else by the first line that only one of them prints. So a program that
/// merely prints JSON is not mistaken for an agent; and in an agent's stream, what is none of its events is none.
struct AgentEvents: Sendable {
  /// Who prints the events.
  enum Speaker: Sendable, Equatable { case claude, codex }

  private(set) var speaker: Speaker?
  private var claude = ClaudeText()
  private var codex = CodexText()

  init(speaker: Speaker? = nil) { self.speaker = speaker }

  /// A prompt was sent to the agent, with an id that its events name it by.
  mutating func promptSent(uuid: String, from origin: PromptOrigin) { claude.promptSent(uuid: uuid, from: origin) }

  /// What is shown of a line that is JSON, as whole lines, perhaps none; nil if it is no event. Not yet safe for a terminal
  /// (`TerminalText`).
  mutating func text(of event: JSON) -> String? {
    if speaker == nil {
      if ClaudeText.isCertain(event) { speaker = .claude } else if CodexText.isCertain(event) { speaker = .codex }
    }
    switch speaker {
    case .claude: return claude.text(of: event)
    case .codex: return codex.text(of: event)
    case nil: return nil
    }
  }
}
