/// The events of a known agent among the lines of a stream, as text.
///
///     > fix the tests                      a prompt
///     I'll look at them.                   what the agent says
///     [Bash] swift test                    a tool and what it is given
///     [asks] Bash: swift test (answer at the hub)
///       | 3 tests failed                   the beginning of what it gave
///     [done: 4 turns, 12.3 s, $0.0123]     or: [error: why]
///
/// What they are is known by the dialect, by the agent's name and what only that agent prints, or else by the first line that
/// only one of all prints. So a program that merely prints JSON is not mistaken for an agent; and in an agent's stream, what
/// is none of its events is none.
struct AgentEvents: Sendable {
  /// Nil as long as it is not known.
  private(set) var dialect: AgentDialect?
  private let agents: [AgentDialect]
  private var claude = ClaudeText()
  private var codexExec = CodexText()
  private var codexServer = CodexServerText()
  private var gemini = GeminiText()

  /// Whether lines of JSON are an agent's.
  var isKnown: Bool { dialect != nil || !agents.isEmpty }

  /// - Parameter agents: the dialects of the agent whose stream it is; none if it may be anybody's.
  init(of agents: [AgentDialect] = []) {
    self.agents = agents
    if agents.count == 1 { dialect = agents[0] }
  }

  /// A prompt was sent to the agent, with an id that its events name it by.
  mutating func promptSent(uuid: String, from origin: PromptOrigin) {
    claude.promptSent(uuid: uuid, from: origin)
    codexServer.promptSent(uuid: uuid, from: origin)
    gemini.promptSent(uuid: uuid, from: origin)
  }

  /// What is shown of a line that is JSON, as whole lines, perhaps none; nil if it is no event. Not yet safe for a terminal
  /// (`TerminalText`).
  mutating func text(of event: JSON) -> String? {
    if let dialect { return text(of: event, dialect) }
    if agents.isEmpty {
      dialect = AgentDialect.allCases.first { AgentEvents.isCertain(event, $0) }
      return dialect.flatMap { text(of: event, $0) }
    }
    // An agent that is known needs no such mark.
    for candidate in agents {
      if let text = text(of: event, candidate) {
        dialect = candidate
        return text
      }
    }
    return nil
  }

  /// What was held back of the last events, as whole lines.
  mutating func finish() -> String { gemini.finish() }

  private mutating func text(of event: JSON, _ dialect: AgentDialect) -> String? {
    switch dialect {
    case .claude: claude.text(of: event)
    case .codexExec: codexExec.text(of: event)
    case .codexServer: codexServer.text(of: event)
    case .gemini: gemini.text(of: event)
    }
  }

  private static func isCertain(_ event: JSON, _ dialect: AgentDialect) -> Bool {
    switch dialect {
    case .claude: ClaudeText.isCertain(event)
    case .codexExec: CodexText.isCertain(event)
    case .codexServer: CodexServerText.isCertain(event)
    case .gemini: GeminiText.isCertain(event)
    }
  }
}
