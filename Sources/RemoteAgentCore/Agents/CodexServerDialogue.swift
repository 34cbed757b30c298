/// The talk with `codex app-server`: JSON-RPC 2.0 without its `jsonrpc` member, a message a line.
///
///     started ──► initialize, initialized, thread/start ──► ready ──► turn/start … its response ──► taken ─┐
///                                                             ▲                                            │
///                                                             └─────────────── turn/completed ─────────────┘
///
/// - What it runs and edits without asking is codex's own configuration, as far as somebody can answer its questions. If
///   nobody can, the policy is `never`, as `codex exec` has it: what its sandbox forbids fails, and codex goes on.
/// - A codex may have threads beside ours (those of its own agents): their turns are none of ours, their questions are.
/// - Each of its requests is answered, for it waits without end; one that is not known, by an error.
struct CodexServerDialogue: DialectDialogue {
  enum Member: String, CaseIterable {
    case method, id
    case thread = "params.threadId"
    case turn = "params.turn.id"
    case status = "params.turn.status"
    case turnError = "params.turn.error.message"
    case error = "params.error.message"
    case willRetry = "params.willRetry"
    case resolved = "params.requestId"
    case beginning = "params.item.id"
    case beginningType = "params.item.type"
    case mode = "params.mode"
    case server = "params.serverName"
    case result
    case newThread = "result.thread.id"
    case newTurn = "result.turn.id"
    case failure = "error.message"
    case failed = "error"
  }

  private enum Life { case new, initializing, starting, ready, broken }
  private enum Request {
    case initialize, startThread
    case startTurn(prompt: String)
    case interrupt
  }

  private let role: AgentDialogue.Role
  var effects: [Effect] = []
  private var life = Life.new
  private var requests: [Int64: Request] = [:]
  private var lastRequest: Int64 = 0
  /// Its thread.
  var session: String?
  var turn = DialogueTurn.none
  /// Codex's own name of the turn that is open.
  private var turnId: String?
  /// And of the one that ended last.
  private var endedTurn: String?
  private var isInterrupted = false
  /// How turns ended before codex named the one of the prompt that was sent: it, or some of codex's own.
  private var early: [(turn: String, end: Effect)] = []
  private static let mostEarly = 8
  /// To be interrupted as soon as codex has named the turn.
  private var interruptsWhenTaken = false
  /// What an `error` that it does not try again after said last.
  private(set) var lastError: String?
  var questions = OpenQuestions()
  private(set) var changes = CodexChanges()
  private(set) var line = EventLine<Member>(texts: [.turnError, .error, .failure, .status])

  init(role: AgentDialogue.Role) { self.role = role }

  private var drives: Bool { if case .drives = role { true } else { false } }
  var asks: Bool { if case .drives(_, let asks) = role { asks } else { false } }

  var isReady: Bool { !drives || life == .ready }

  mutating func started() {
    guard case .listens(_, let input) = role else {
      life = .initializing
      let client: JSON = ["name": "remote_agent", "title": "remote-agent", "version": "1"]
      return request(.initialize, "initialize", ["clientInfo": client])
    }
    give(input: input)
  }

  mutating func send(prompt: String, id: String) {
    turn = .sent(id)
    turnId = nil
    early = []
    isInterrupted = false
    interruptsWhenTaken = false
    lastError = nil
    let input: JSON = [["type": "text", "text": .string(prompt)]]
    request(
      .startTurn(prompt: id), "turn/start",
      ["threadId": .string(session ?? ""), "clientUserMessageId": .string(id), "input": input])
  }

  mutating func interrupt() -> Bool {
    guard drives, life == .ready, turn != .none else { return false }
    isInterrupted = true
    guard let turnId else {
      interruptsWhenTaken = true
      return true
    }
    request(.interrupt, "turn/interrupt", ["threadId": .string(session ?? ""), "turnId": .string(turnId)])
    return true
  }

  mutating func answer(_ requestId: String, _ decision: AgentDecision) -> Bool {
    guard let question = questions.remove(requestId) else { return false }
    respond(to: question, decision)
    return true
  }

  mutating func heard(_ bytes: UnsafeRawBufferPointer, _ piece: LinePiece) {
    let asks = asks
    let isMessage = line.take(bytes, piece) {
      asks && CodexServerDialogue.mayBeAsked($0) || CodexServerDialogue.hasLongId($0)
    }
    if isMessage { heardMessage(line.members) }
  }

  /// Whether a line is, or may be, part of a question.
  private static func mayBeAsked(_ message: MemberScanner<Member>) -> Bool {
    guard let method = message.text(.method) else { return message[.method] == nil }
    if method == "item/started" { return message.text(.beginningType) ?? "fileChange" == "fileChange" }
    return CodexQuestion(method) != nil
  }

  /// Whether its id, to be sent back, stands in the line only.
  private static func hasLongId(_ message: MemberScanner<Member>) -> Bool {
    switch message[.id] {
    case .string(_, isCut: true)?, .literal(_, isCut: true)?: true
    default: false
    }
  }

  private mutating func heardMessage(_ message: MemberScanner<Member>) {
    switch (message.text(.method), message[.id]) {
    case (let method?, nil): heardNotification(method, message)
    case (let method?, _) where message.isNull(.id): heardNotification(method, message)
    case (let method?, let id?): if drives { heardRequest(method, id, message) }
    case (nil, .literal(let id, isCut: false)):
      if drives { heardResponse(to: String(decoding: id, as: UTF8.self), message) }
    default: break
    }
  }

  // MARK: Responses

  private mutating func heardResponse(to id: String, _ message: MemberScanner<Member>) {
    guard let number = Int64(id), "\(number)" == id, let request = requests.removeValue(forKey: number) else {
      return
    }
    let failure: String? =
      if message[.failed] != nil, !message.isNull(.failed) {
        Self.detail(message.text(.failure)) ?? "codex refused it"
      } else {
        message[.result] == nil || message.isNull(.result)
          ? "codex answered with neither a result nor an error" : nil
      }
    switch request {
    case .initialize, .startThread: heardOfBeginning(request, message, failure)
    case .startTurn(let prompt):
      guard turn == .sent(prompt) else { return }
      guard failure == nil else {
        turn = .none
        return effects.append(.ended(.error, detail: failure))
      }
      turnId = message.text(.newTurn)
      turnBegan()
      if let its = early.first(where: { $0.turn == turnId ?? $0.turn }) { return end(its.end, of: its.turn) }
      early = []
      if interruptsWhenTaken {
        interruptsWhenTaken = false
        _ = interrupt()
      }
    case .interrupt: break
    }
  }

  private mutating func heardOfBeginning(_ request: Request, _ message: MemberScanner<Member>, _ failure: String?) {
    guard failure == nil else {
      life = .broken
      return effects.append(.broke(failure ?? ""))
    }
    guard case .startThread = request else {
      life = .starting
      write(["method": "initialized"])
      return startThread()
    }
    guard let id = message.text(.newThread), !id.isEmpty else {
      life = .broken
      return effects.append(.broke("codex began no thread"))
    }
    life = .ready
    told(session: id)
  }

  private mutating func startThread() {
    guard case .drives(let folder, let asks) = role else { return }
    var params: [JSON.Member] = [.init("cwd", .string(folder))]
    if !asks { params.append(.init("approvalPolicy", "never")) }
    request(.startThread, "thread/start", .object(params))
  }

  // MARK: Notifications

  private mutating func heardNotification(_ method: String, _ message: MemberScanner<Member>) {
    switch method {
    case "turn/started":
      // A turn of ours is taken by the response.
      guard isOurs(message, orNew: turn == .none), turn == .none else { return }
      // It is over, and has no second end.
      if let endedTurn, message.text(.turn) == endedTurn { return }
      turnId = message.text(.turn)
      lastError = nil
      turnBegan()
    case "turn/completed": if isOurs(message) { heardEnd(message) }
    case "error":
      if isOurs(message), !message.isTrue(.willRetry) { lastError = message.text(.error) }
    case "item/started" where message.text(.beginningType) == "fileChange":
      guard let item = message.wholeText(.beginning), !message.hasRepeats else { return changes.removeAll() }
      let isReadable = line.unambiguous(maximumDepth: CodexChanges.maximumDepth + 3) != nil
      changes.set(isReadable ? line.raw("params", "item", "changes") : nil, of: item)
    case "serverRequest/resolved":
      guard let (id, rawId) = name(of: message[.resolved]), questions[id]?.id == rawId, questions.remove(id) != nil
      else { return }
      effects.append(.withdrew(requestId: id))
    default: break
    }
  }

  /// Whether it is about our thread. Who listens takes the one that begins a turn for it.
  private mutating func isOurs(_ message: MemberScanner<Member>, orNew isNew: Bool = false) -> Bool {
    guard let id = message.text(.thread) else { return false }
    if !drives, isNew { told(session: id) }
    return id == session
  }

  private mutating func heardEnd(_ message: MemberScanner<Member>) {
    if let turnId, let id = message.text(.turn), id != turnId { return }
    guard turn != .none else { return }
    let detail = Self.detail(message.text(.turnError), lastError)
    lastError = nil
    let outcome: Effect =
      switch message.text(.status) {
      case _ where message.hasRepeats: .ended(.error, detail: AgentDialogue.unclearResult)
      case "completed": .ended(.ok, detail: nil)
      case "interrupted" where isInterrupted: .ended(.incomplete, detail: AgentDialogue.interrupted)
      case "interrupted": .ended(.incomplete, detail: detail ?? "codex left off the turn")
      case let status: .ended(.error, detail: detail ?? status)
      }
    // The response says which turn is the prompt's.
    if case .sent = turn, turnId == nil {
      if let id = message.text(.turn), early.count < CodexServerDialogue.mostEarly { early.append((id, outcome)) }
      return
    }
    end(outcome, of: message.text(.turn))
  }

  private mutating func end(_ outcome: Effect, of id: String?) {
    turn = .none
    endedTurn = turnId ?? id
    turnId = nil
    early = []
    changes.removeAll()
    effects.append(outcome)
  }

  // MARK: What is written

  private mutating func request(_ request: Request, _ method: String, _ params: JSON) {
    lastRequest += 1
    requests[lastRequest] = request
    write(["id": .integer(lastRequest), "method": .string(method), "params": params])
  }

  mutating func write(id: [UInt8], member: String, _ value: JSON) {
    write(id: id, member: member, value.serialized())
  }

  mutating func write(id: [UInt8], member: String, _ value: [UInt8]) {
    var bytes = Array(#"{"id":"#.utf8)
    bytes.append(contentsOf: id)
    bytes.append(contentsOf: #","\#(member)":"#.utf8)
    bytes.append(contentsOf: value)
    bytes.append(contentsOf: "}\n".utf8)
    effects.append(.write(bytes))
  }

  private mutating func write(_ message: JSON) {
    effects.append(.write(message.serialized() + [UInt8(ascii: "\n")]))
  }
}
