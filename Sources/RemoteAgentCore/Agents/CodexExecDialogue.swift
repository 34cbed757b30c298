/// What `codex exec --json` says of its one turn.
///
/// An `error` is not the end: it tells of what is tried again, too. What it said last is the reason if no end comes.
struct CodexExecDialogue: DialectDialogue {
  private enum Member: String, CaseIterable {
    case type, message
    case thread = "thread_id"
    case error = "error.message"
  }

  private let input: String?
  var effects: [Effect] = []
  var turn = DialogueTurn.none
  private var session: String?
  private(set) var lastError: String?
  private var line = EventLine<Member>()

  init(role: AgentDialogue.Role) {
    guard case .listens(let prompt, let input) = role else {
      self.input = nil
      return
    }
    self.input = input
    if let prompt { turn = .sent(prompt) }
  }

  var isReady: Bool { true }

  mutating func started() {
    if let input { effects += [.write(Array(input.utf8)), .endInput] }
  }

  mutating func heard(_ bytes: UnsafeRawBufferPointer, _ piece: LinePiece) {
    guard line.take(bytes, piece, mayMatter: { _ in false }) else { return }
    let event = line.members
    switch event.text(.type) {
    case "thread.started":
      guard let id = event.text(.thread), !id.isEmpty, id != session else { return }
      session = id
      effects.append(.session(id))
    case "turn.started": turnBegan()
    case "turn.completed": ended(.ok, nil)
    case "turn.failed": ended(.error, Self.detail(event.text(.error), lastError))
    case "error": lastError = Self.detail(event.text(.message)) ?? lastError
    default: break
    }
  }

  private mutating func ended(_ outcome: AgentOutcome, _ detail: String?) {
    if case .sent = turn { turnBegan() }
    guard turn != .none else { return }
    turn = .none
    lastError = nil
    effects.append(.ended(outcome, detail: detail))
  }
}
