/// What can be done with an agent, as its profile has it.
extension AgentProfile {
  /// How its prompts may reach it.
  package var promptWays: [PromptsVia] { (dialogue == nil ? [] : [.stdin]) + (single == nil ? [] : [.args]) }

  /// Whether it can be made to leave off a turn and still be there for the next prompt; else a signal ends it.
  package var canBeInterrupted: Bool { dialogue != nil }

  /// Whether it asks before it uses a tool, so that somebody may allow or deny it.
  package var canAsk: Bool { dialogue.map { $0.dialect == .codexServer || !$0.askingArguments.isEmpty } ?? false }
}

extension AgentDialect {
  /// Whether a process that speaks it is told prompts in it on standard input.
  var isSpoken: Bool {
    switch self {
    case .claude, .codexServer: true
    case .codexExec, .gemini: false
    }
  }

  /// Whether a process of one prompt prints it.
  var isPrinted: Bool {
    switch self {
    case .claude, .codexExec, .gemini: true
    case .codexServer: false
    }
  }
}
