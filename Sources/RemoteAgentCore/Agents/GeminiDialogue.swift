/// What `gemini --output-format stream-json` says of its one turn, by its documentation.
struct GeminiDialogue: DialectDialogue {
  private enum Member: String, CaseIterable {
    case type, status, severity, message
    case session = "session_id"
    case error = "error.message"
    case errorType = "error.type"
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
    case "init":
      if let id = event.text(.session), !id.isEmpty, id != session {
        session = id
        effects.append(.session(id))
      }
      turnBegan()
    // Warnings too come as errors; neither is the end.
    case "error":
      if event.text(.severity) != "warning" { lastError = Self.detail(event.text(.message)) ?? lastError }
    case "result":
      if case .sent = turn { turnBegan() }
      guard turn != .none else { return }
      turn = .none
      guard event.text(.status) != "success" else { return effects.append(.ended(.ok, detail: nil)) }
      effects.append(
        .ended(.error, detail: Self.detail(event.text(.error), lastError, event.text(.errorType), event.text(.status))))
    default: break
    }
  }
}
