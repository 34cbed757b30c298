/// What `codex exec --json` says of its one turn.
///
/// An `error` is not the end: it tells of what is tried again, too. What it said last is the reason if no end comes.
struct CodexExecDialogue: ListeningDialogue {
  private enum Member: String, CaseIterable {
    case type, message
    case thread = "thread_id"
    case error = "error.message"
  }

  let input: String?
  var effects: [Effect] = []
  var turn = DialogueTurn.none
  var session: String?
  private(set) var lastError: String?
  private var line = EventLine<Member>(texts: [.message, .error])

  init(role: AgentDialogue.Role) { (input, turn) = Self.begin(role) }

  mutating func heard(_ bytes: UnsafeRawBufferPointer, _ piece: LinePiece) {
    guard line.take(bytes, piece, mayMatter: { _ in false }) else { return }
    let event = line.members
    switch event.text(.type) {
    case "thread.started": told(session: event.text(.thread))
    case "turn.started": turnBegan()
    case "turn.completed", "turn.failed":
      if event.text(.type) == "turn.failed" {
        ended(.error, Self.detail(event.text(.error), lastError))
      } else {
        event.hasRepeats ? ended(.error, AgentDialogue.unclearResult) : ended(.ok, nil)
      }
      lastError = nil
    case "error": lastError = Self.detail(event.text(.message)) ?? lastError
    default: break
    }
  }
}
