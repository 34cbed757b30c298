/// The talk with a process of one prompt, which is heard and told nothing more.
protocol ListeningDialogue: DialectDialogue {
  /// What it reads from its standard input; nil if the prompt was in its arguments.
  var input: String? { get }
}

extension ListeningDialogue {
  var isReady: Bool { true }

  mutating func started() { give(input: input) }

  /// What the role has for it: its input, and its turn, if it has a prompt of ours.
  static func begin(_ role: AgentDialogue.Role) -> (input: String?, turn: DialogueTurn) {
    guard case .listens(let prompt, let input) = role else { return (nil, .none) }
    return (input, prompt.map { .sent($0) } ?? .none)
  }

  mutating func ended(_ outcome: AgentOutcome, _ detail: String?) {
    if case .sent = turn { turnBegan() }
    // An error after the end is no less one: it is told as of a turn of its own.
    if turn == .none, outcome == .error { turnBegan() }
    guard turn != .none else { return }
    turn = .none
    effects.append(.ended(outcome, detail: detail))
  }
}
