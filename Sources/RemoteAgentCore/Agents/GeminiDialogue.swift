/// What `gemini --output-format stream-json` says of its one turn, by its documentation.
struct GeminiDialogue: ListeningDialogue {
  private enum Member: String, CaseIterable {
    case type, status, severity, message
    case session = "session_id"
    case error = "error.message"
    case errorType = "error.type"
  }

  let input: String?
  var effects: [Effect] = []
  var turn = DialogueTurn.none
  var session: String?
  private(set) var lastError: String?
  private var line = EventLine<Member>(texts: [.message, .error, .errorType, .status])

  init(role: AgentDialogue.Role) { (input, turn) = Self.begin(role) }

  mutating func heard(_ bytes: UnsafeRawBufferPointer, _ piece: LinePiece) {
    guard line.take(bytes, piece, mayMatter: { _ in false }) else { return }
    let event = line.members
    switch event.text(.type) {
    case "init":
      told(session: event.text(.session))
      turnBegan()
    // Warnings too come as errors; neither is the end.
    case "error":
      if event.text(.severity) != "warning" { lastError = Self.detail(event.text(.message)) ?? lastError }
    case "result":
      guard !event.hasRepeats else { return ended(.error, AgentDialogue.unclearResult) }
      guard event.text(.status) != "success" else { return ended(.ok, nil) }
      ended(.error, Self.detail(event.text(.error), lastError, event.text(.errorType), event.text(.status)))
    default: break
    }
  }
}
