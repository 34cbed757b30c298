/// The talk in one dialect: what `AgentDialogue` passes on.
protocol DialectDialogue: Sendable {
  typealias Effect = AgentDialogue.Effect

  /// What is to be done, in order; who takes it empties it.
  var effects: [Effect] { get set }
  var turn: DialogueTurn { get set }
  /// What it told to go on by.
  var session: String? { get set }
  var isReady: Bool { get }
  /// The reason that the agent gave for a turn which then has no end.
  var lastError: String? { get }
  mutating func started()
  mutating func send(prompt: String, id: String)
  mutating func interrupt() -> Bool
  mutating func answer(_ requestId: String, _ decision: AgentDecision) -> Bool
  mutating func heard(_ bytes: UnsafeRawBufferPointer, _ piece: LinePiece)
}

/// Where a dialogue is with its turns.
enum DialogueTurn: Sendable, Equatable {
  case none
  /// The prompt of this id was sent, and the agent has not said that it has it.
  case sent(String)
  case taken(String)
  /// One that is no prompt's of ours.
  case own

  /// The prompt that is open.
  var prompt: String? {
    switch self {
    case .sent(let id), .taken(let id): id
    case .none, .own: nil
    }
  }
}

extension DialectDialogue {
  var lastError: String? { nil }
  // Of one that takes no prompts but its first, and asks nothing.
  mutating func send(prompt: String, id: String) {}
  mutating func interrupt() -> Bool { false }
  mutating func answer(_ requestId: String, _ decision: AgentDecision) -> Bool { false }

  /// Who only listens gives the process all that it reads at once; nil: the prompt was in its arguments.
  mutating func give(input: String?) {
    if let input { effects += [.write(Array(input.utf8)), .endInput] }
  }

  mutating func told(session id: String?) {
    guard let id, !id.isEmpty, id != session else { return }
    session = id
    effects.append(.session(id))
  }

  /// The agent has a prompt, or began a turn of its own.
  mutating func turnBegan() {
    switch turn {
    case .sent(let id):
      turn = .taken(id)
      effects.append(.took(prompt: id))
    case .none:
      turn = .own
      effects.append(.began)
    case .taken, .own: break
    }
  }

  /// The beginning of what an agent gives as a reason; nil for none.
  static func detail(_ texts: String?...) -> String? {
    for case let text? in texts where !text.isEmpty { return AgentDialogue.beginning(of: text) }
    return nil
  }
}

/// The questions of an agent that are open, in bounded memory.
struct OpenQuestions: Sendable {
  static let most = 64
  /// Of what is kept of them all to be sent back.
  static let mostBytes = 4 << 20

  struct Question: Sendable {
    /// The agent's id of it, as it stood.
    let id: [UInt8]
    let kind: String
    /// What an answer sends back, as it stood.
    let input: [UInt8]
  }

  private var questions: [String: Question] = [:]
  private var bytes = 0

  /// False if it can't be kept: there are too many.
  mutating func add(_ question: Question, as requestId: String) -> Bool {
    let size = question.id.count + question.input.count
    guard questions.count < OpenQuestions.most, bytes + size <= OpenQuestions.mostBytes else { return false }
    questions[requestId] = question
    bytes += size
    return true
  }

  subscript(requestId: String) -> Question? { questions[requestId] }

  mutating func remove(_ requestId: String) -> Question? {
    guard let question = questions.removeValue(forKey: requestId) else { return nil }
    bytes -= question.id.count + question.input.count
    return question
  }
}
