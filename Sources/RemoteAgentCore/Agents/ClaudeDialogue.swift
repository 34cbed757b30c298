/// The talk with claude in stream-json, over its standard input and output or over its output alone.
///
///     started ──► initialize … control_response ──► ready ──► prompt … command_lifecycle ──► taken … result ──► ready
///
/// - It has a prompt by the first of: a `command_lifecycle` of it, the message played back, a `result`.
/// - `is_error` decides, whatever `subtype` says beside it; a turn is good only if it is there once, and false.
/// - Each of its requests is answered, for it waits without end; one that is not known, by an error.
struct ClaudeDialogue: DialectDialogue {
  private enum Member: String, CaseIterable {
    case type, subtype, result, state, uuid, isReplay
    case isError = "is_error"
    case firstError = "errors[]"
    case commandUUID = "command_uuid"
    case promptUUID = "user_message_uuid"
    case reason = "terminal_reason"
    case session = "session_id"
    case requestId = "request_id"
    case request = "request.subtype"
    case tool = "request.tool_name"
    case response = "response.subtype"
    case responseTo = "response.request_id"
    case responseError = "response.error"
  }

  private enum Life { case new, initializing, ready, broken }

  /// Our requests' ids begin with it; claude's are UUIDs.
  private static let ownRequests = "ra-"
  private static let initialize = ownRequests + "initialize"

  private let role: AgentDialogue.Role
  var effects: [Effect] = []
  private var life = Life.new
  var turn = DialogueTurn.none
  private var isInterrupted = false
  private var interrupts = 0
  var session: String?
  private var questions = OpenQuestions()
  private var line = EventLine<Member>(texts: [.result, .firstError, .subtype, .responseError])
  /// Whether it has said by name that it has a prompt; then it does so before each prompt's result.
  private var namesPrompts = false

  init(role: AgentDialogue.Role) {
    self.role = role
    if case .listens(let prompt?, _) = role { turn = .sent(prompt) }
  }

  private var drives: Bool { if case .drives = role { true } else { false } }
  private var asks: Bool { if case .drives(_, let asks) = role { asks } else { false } }

  var isReady: Bool { !drives || life == .ready }

  mutating func started() {
    guard case .listens(_, let input) = role else {
      life = .initializing
      return request(["subtype": "initialize"], id: ClaudeDialogue.initialize)
    }
    give(input: input)
  }

  mutating func send(prompt: String, id: String) {
    turn = .sent(id)
    isInterrupted = false
    effects.append(.write(ClaudePrompt.line(prompt, uuid: id)))
  }

  mutating func interrupt() -> Bool {
    guard drives, life == .ready, turn != .none else { return false }
    isInterrupted = true
    interrupts += 1
    request(["subtype": "interrupt"], id: "\(ClaudeDialogue.ownRequests)interrupt-\(interrupts)")
    return true
  }

  mutating func answer(_ requestId: String, _ decision: AgentDecision) -> Bool {
    guard let question = questions.remove(requestId) else { return false }
    respond(to: question.id, decision, input: question.input)
    return true
  }

  mutating func heard(_ bytes: UnsafeRawBufferPointer, _ piece: LinePiece) {
    let drives = drives
    let isEvent = line.take(bytes, piece) {
      drives && ($0[.type] == nil || $0.text(.type) == "control_request" || $0.text(.type) == "result")
    }
    if isEvent { heardEvent() }
  }

  private mutating func heardEvent() {
    let event = line.members
    switch event.text(.type) {
    case "system" where event.text(.subtype) == "init":
      told(session: event.text(.session))
      // A prompt over standard input is taken by the events that name it.
      if !drives || turn == .none && life == .ready { turnBegan() }
    case "command_lifecycle": heardLifecycle(of: event.text(.commandUUID), event.text(.state))
    case "user" where event.isTrue(.isReplay) && turn == .sent(event.text(.uuid) ?? ""): named()
    case "result": heardResult(event)
    case "control_request" where drives: heardRequest(event)
    case "control_cancel_request" where drives:
      guard let id = event.wholeText(.requestId), questions[id]?.id == rawId(event), questions.remove(id) != nil
      else { return }
      effects.append(.withdrew(requestId: id))
    case "control_response" where event.text(.responseTo) == ClaudeDialogue.initialize && life == .initializing:
      if event.text(.response) == "success" {
        life = .ready
      } else {
        life = .broken
        effects.append(
          .broke(Self.detail(event.text(.responseError)) ?? "claude did not take the beginning of the talk"))
      }
    default: break
    }
  }

  private mutating func heardLifecycle(of prompt: String?, _ state: String?) {
    guard let prompt, prompt == turn.prompt else { return }
    named()
    if state == "completed" || state == "cancelled" { effects.append(.resultIsDue) }
  }

  /// It has said that it has the prompt.
  private mutating func named() {
    namesPrompts = true
    turnBegan()
  }

  private mutating func heardResult(_ event: MemberScanner<Member>) {
    let isGood = event.isFalse(.isError) && !event.hasRepeats
    guard !drives || turn != .none && mayEndTurn(event, isGood) else { return }
    turnBegan()
    turn = .none
    let wasInterrupted = isInterrupted
    // It was of this turn: another may follow without a prompt of ours.
    isInterrupted = false
    guard !isGood else { return effects.append(.ended(.ok, detail: nil)) }
    if wasInterrupted, event.text(.reason)?.hasPrefix("aborted") ?? true {
      return effects.append(.ended(.incomplete, detail: AgentDialogue.interrupted))
    }
    let isError = event.isTrue(.isError) && !event.hasRepeats
    let detail =
      isError
      ? Self.detail(event.text(.result), event.text(.firstError), event.text(.subtype))
      : Self.detail(event.text(.firstError)) ?? AgentDialogue.unclearResult
    effects.append(.ended(.error, detail: detail))
  }

  /// Whether a result can be that of the prompt that is open, if one is: late ones, of prompts before, come too.
  private func mayEndTurn(_ event: MemberScanner<Member>, _ isGood: Bool) -> Bool {
    guard let prompt = turn.prompt else { return true }
    guard let id = event.text(.promptUUID) else { return !(isGood && namesPrompts && turn == .sent(prompt)) }
    // Several that were merged into one turn are all listed.
    return id == prompt || line.texts("user_message_uuids").contains(prompt)
  }

  // MARK: Its requests

  private mutating func heardRequest(_ event: MemberScanner<Member>) {
    guard let requestId = event.wholeText(.requestId), let id = rawId(event) else {
      // One that is too long, or no text: it goes back as it stood.
      guard let id = line.rawScalar("request_id") else { return }
      return respond(to: id, error: "ra-spawn does not take such a request_id")
    }
    guard !isOurs(requestId, event.text(.request)) else { return }
    guard event.text(.request) == "can_use_tool" else {
      return respond(to: id, error: "ra-spawn does not know this request")
    }
    if let open = questions[requestId] {
      // The same one, once more; or one that is only called the same.
      if open.id != id { respond(to: id, error: AgentDialogue.nameIsTaken) }
      return
    }
    // The beginning of a name may be another tool's.
    let tool = event[.tool] == nil ? "a tool" : event.wholeText(.tool)
    guard let reason = ask(id, requestId, tool) else { return }
    respond(to: id, .deny(message: reason), input: [])
    effects.append(.denied(requestId: requestId, tool: tool ?? "a tool", reason: reason))
  }

  /// Whether a request is one of ours, come back.
  private func isOurs(_ requestId: String, _ subtype: String?) -> Bool {
    switch subtype {
    case "initialize": requestId == ClaudeDialogue.initialize
    case "interrupt": requestId.hasPrefix(ClaudeDialogue.ownRequests)
    default: false
    }
  }

  /// A text's content as it stood, in its quotes.
  private func rawId(_ event: MemberScanner<Member>) -> [UInt8]? {
    guard case .string(let id, isCut: false)? = event[.requestId] else { return nil }
    return [UInt8(ascii: "\"")] + id + [UInt8(ascii: "\"")]
  }

  /// Why it is denied at once; nil if it is asked.
  private mutating func ask(_ id: [UInt8], _ requestId: String, _ tool: String?) -> String? {
    guard asks else { return AgentDialogue.nobodyAnswers }
    guard line.whole != nil else { return AgentDialogue.questionIsTooLong }
    guard let tool, let raw = line.raw("request", "input"),
      let input = line.unambiguous(maximumDepth: AgentQuestion.maximumDepth + 2)?["request"]?["input"],
      input.members != nil
    else { return AgentDialogue.questionIsUnreadable }
    guard questions.add(.init(id: id, kind: "can_use_tool", input: raw), as: requestId) else {
      return AgentDialogue.tooManyQuestions
    }
    effects.append(.asks(AgentQuestion(requestId: requestId, tool: tool, input: input)))
    return nil
  }

  private mutating func request(_ request: JSON, id: String) {
    write(["type": "control_request", "request_id": .string(id), "request": request])
  }

  /// Input goes back as it stood, byte for byte: no number or order of members is changed on the way.
  private mutating func respond(to id: [UInt8], _ decision: AgentDecision, input: [UInt8]) {
    var response: [UInt8] = []
    switch decision {
    case .allow:
      response.append(contentsOf: #"{"behavior":"allow","updatedInput":"#.utf8)
      response.append(contentsOf: input)
      response.append(UInt8(ascii: "}"))
    case .deny(let message):
      let denial: JSON = ["behavior": "deny", "message": .string(message)]
      denial.append(to: &response)
    }
    write(subtype: "success", id: id, member: "response", response)
  }

  private mutating func respond(to id: [UInt8], error: String) {
    write(subtype: "error", id: id, member: "error", JSON.string(error).serialized())
  }

  private mutating func write(subtype: String, id: [UInt8], member: String, _ value: [UInt8]) {
    var bytes = Array(#"{"type":"control_response","response":{"subtype":"\#(subtype)","request_id":"#.utf8)
    bytes.append(contentsOf: id)
    bytes.append(contentsOf: #","\#(member)":"#.utf8)
    bytes.append(contentsOf: value)
    bytes.append(contentsOf: "}}\n".utf8)
    effects.append(.write(bytes))
  }

  private mutating func write(_ message: JSON) {
    effects.append(.write(message.serialized() + [UInt8(ascii: "\n")]))
  }
}
