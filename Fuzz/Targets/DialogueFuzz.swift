import RemoteAgentCore

/// The talk with an agent: whatever it says, and however its lines come in pieces, the same comes of it, in an order that
/// makes sense; what it is told are whole lines of JSON; and a line's members are those that the parser finds.
enum DialogueFuzz {
  private enum Step: Sendable {
    case line([UInt8])
    case send
    case interrupt
    case answer(allows: Bool)
  }

  static func run(_ input: UnsafeRawBufferPointer) {
    var choices = Choices(input)
    let dialect = AgentDialect.allCases[choices.number(below: AgentDialect.allCases.count)]
    let role = role(&choices)
    let reads = Reads(&choices)
    var mayBeHuge = true
    var steps: [Step] = []
    while !choices.isEmpty, steps.count < 64 { steps.append(step(&choices, &mayBeHuge)) }
    let effects = talk(dialect, role, steps, .whole)
    let isLong = steps.contains { if case .line(let line) = $0 { line.count > 100_000 } else { false } }
    for other in isLong ? [reads.times(10_000)] : [reads, .bytewise] {
      hold(talk(dialect, role, steps, other) == effects, "what comes of lines depends on their pieces")
    }
    let shown = show(dialect, steps, .whole)
    // Pieces are cut between characters, by who cuts them.
    let isPlain = steps.allSatisfy { if case .line(let line) = $0 { line.allSatisfy { $0 < 0x80 } } else { true } }
    if isPlain, !isLong {
      hold(show(dialect, steps, reads) == shown, "what is shown of lines depends on their pieces")
    }
    for case .line(let line) in steps where line.count <= 100_000 { members(line) }
  }

  private static func role(_ choices: inout Choices) -> AgentDialogue.Role {
    switch choices.number(below: 5) {
    case 0, 1: .drives(folder: "/tmp", asks: true)
    case 2: .drives(folder: "/tmp", asks: false)
    case 3: .listens(prompt: "p", input: "in")
    default: .listens(prompt: nil, input: nil)
    }
  }

  private static func step(_ choices: inout Choices, _ mayBeHuge: inout Bool) -> Step {
    switch choices.number(below: 16) {
    case 0..<6: return .line(choices.bytes(atMost: 4000))
    case 6..<11:
      let huge = mayBeHuge && choices.number(below: 64) == 63
      if huge { mayBeHuge = false }
      return .line(object(&choices, depth: 0, hugeText: huge))
    case 11, 12: return .send
    case 13: return .interrupt
    default: return .answer(allows: choices.bool())
    }
  }

  // MARK: Lines

  private static let names = [
    "type", "subtype", "is_error", "result", "errors", "command_uuid", "state", "uuid", "isReplay", "session_id",
    "request_id", "request", "tool_name", "input", "response", "error", "message", "user_message_uuid",
    "terminal_reason", "method", "id", "params", "threadId", "turn", "status", "thread", "item", "itemId", "changes",
    "requestId", "willRetry", "thread_id", "severity", "permissions", "mode", "requestedSchema", "required", "role",
    "content", "delta", "x",
  ]
  private static let words = [
    "system", "init", "user", "result", "control_request", "control_response", "control_cancel_request", "can_use_tool",
    "command_lifecycle", "queued", "completed", "success", "error", "assistant", "ra-initialize", "u-1", "u-2", "t-1",
    "n-1", "turn/started", "turn/completed", "item/started", "item/commandExecution/requestApproval",
    "item/fileChange/requestApproval", "item/permissions/requestApproval", "mcpServer/elicitation/request",
    "serverRequest/resolved", "execCommandApproval", "fileChange", "interrupted", "failed", "aborted_streaming",
    "thread.started", "turn.started", "turn.completed", "turn.failed", "message", "tool_use", "q", "", #"\u00e4\ud83d"#,
  ]

  private static func object(_ choices: inout Choices, depth: Int, hugeText: Bool = false) -> [UInt8] {
    var bytes = Array("{".utf8)
    for index in 0..<choices.number(below: 7) {
      if index > 0 { bytes += Array(",".utf8) }
      let name = names[choices.number(below: names.count)]
      bytes += Array("\"\(name)\":".utf8) + value(&choices, depth: depth)
    }
    if hugeText {
      let count = (1 << 20) - 256 + choices.number(below: 512)
      bytes += Array((bytes.count > 1 ? "," : "").utf8) + Array(#""x":""#.utf8)
      bytes += [UInt8](repeating: UInt8(ascii: "y"), count: count) + Array("\"".utf8)
    }
    return bytes + Array("}".utf8)
  }

  private static func value(_ choices: inout Choices, depth: Int) -> [UInt8] {
    switch choices.number(below: 16) {
    case 0..<8: return Array("\"\(words[choices.number(below: words.count)])\"".utf8)
    case 8, 9: return Array("\(choices.number(below: 5))".utf8)
    case 10: return Array("true".utf8)
    case 11: return Array("null".utf8)
    case 12 where depth < 4: return Array("[".utf8) + value(&choices, depth: depth + 1) + Array("]".utf8)
    default: return depth < 4 ? object(&choices, depth: depth + 1) : Array("{}".utf8)
    }
  }

  // MARK: The talk

  /// What the effects must keep to.
  private struct Order {
    var sent: String?
    var isOpen = false
    var questions: Set<String> = []

    mutating func take(_ effect: AgentDialogue.Effect, isDriven: Bool) {
      switch effect {
      case .write(let bytes):
        guard isDriven else { return }
        hold(bytes.last == 0x0A && bytes.count { $0 == 0x0A } == 1, "what is written is not one line")
        hold((try? JSON(parsing: bytes.dropLast(), maximumDepth: 512))?.members != nil, "what is written is no object")
      case .took(let id):
        hold(id == sent && !isOpen, "a prompt is taken that was not sent, or twice")
        sent = nil
        isOpen = true
      case .began:
        hold(!isOpen && sent == nil, "a turn begins within a turn")
        isOpen = true
      case .ended(_, let detail):
        hold(isOpen || sent != nil, "a turn ends that is none")
        hold(detail.map { $0.utf8.count <= AgentDialogue.longestDetail } ?? true, "a detail is too long")
        isOpen = false
        sent = nil
      case .resultIsDue: hold(isOpen, "a result is due of no turn")
      case .asks(let question):
        hold(questions.insert(question.requestId).inserted, "a question is asked twice")
        hold(question.input.members != nil, "what a tool is given is no object")
        hold(!question.input.hasRepeatedNames, "what a tool is given can be read in two ways")
      case .withdrew(let id): hold(questions.remove(id) != nil, "a question is withdrawn that is not open")
      case .denied, .endInput, .session, .broke: break
      }
    }
  }

  private static func talk(
    _ dialect: AgentDialect, _ role: AgentDialogue.Role, _ steps: [Step], _ reads: Reads
  ) -> [AgentDialogue.Effect] {
    var dialogue = AgentDialogue(dialect, role: role)
    var order = Order()
    var effects: [AgentDialogue.Effect] = []
    let isDriven = if case .drives = role { true } else { false }
    if case .listens(let prompt, _) = role { order.sent = prompt }
    func drain() {
      while let effect = dialogue.nextEffect() {
        order.take(effect, isDriven: isDriven)
        effects.append(effect)
      }
    }
    dialogue.started()
    drain()
    for (index, step) in steps.enumerated() {
      switch step {
      case .line(let line): pieces(of: line, reads) { dialogue.heard($0, $1) }
      case .send where isDriven && dialogue.isReady && !order.isOpen && order.sent == nil:
        let id = "u-\(index % 2 + 1)"
        order.sent = id
        dialogue.send(prompt: "go", id: id)
      case .interrupt: _ = dialogue.interrupt()
      case .answer(let allows):
        let id = order.questions.sorted().first
        let isTaken = dialogue.answer(id ?? "none", allows ? .allow : .deny(message: "no"))
        hold(isTaken == (id != nil), "a question that is open can't be answered, or one that is not can")
        if let id { order.questions.remove(id) }
      case .send: break
      }
      drain()
    }
    return effects
  }

  private static func pieces(
    of line: [UInt8], _ reads: Reads, _ body: (UnsafeRawBufferPointer, LinePiece) -> Void
  ) {
    var done = 0
    reads.forEach(line) { piece in
      let isFirst = done == 0
      done += piece.count
      // An empty piece begins no line.
      guard piece.count > 0 else { return }
      body(piece, LinePiece(startsLine: isFirst, endsLine: done == line.count, terminated: done == line.count))
    }
  }

  // MARK: What is shown

  private static func show(_ dialect: AgentDialect, _ steps: [Step], _ reads: Reads) -> [UInt8] {
    var readable = ReadableText(dialect: dialect, escapes: true)
    var output: [UInt8] = []
    for case .line(let line) in steps {
      pieces(of: line, reads) { readable.feed($0, piece: $1, to: &output) }
      if let event = try? JSON(parsing: line, maximumDepth: 256) { _ = AgentWords.read(event) }
    }
    readable.finish(to: &output)
    return output
  }

  // MARK: Members

  private enum Path: String, CaseIterable {
    case type, id, method
    case turn = "params.turn.id"
    case params
    case subtype = "request.subtype"
    case first = "errors[]"
  }

  /// The quick scanner finds in an object what the parser finds.
  private static func members(_ line: [UInt8]) {
    guard let object = try? JSON(parsing: line, maximumDepth: 512), object.members != nil else { return }
    var scanner = MemberScanner<Path>()
    line.withUnsafeBytes { scanner.feed($0) }
    hold(scanner.isObject, "the scanner takes an object for none")
    let found: [(Path, JSON?)] = [
      (.type, object["type"]), (.id, object["id"]), (.method, object["method"]), (.params, object["params"]),
      (.turn, object["params"]?["turn"]?["id"]), (.subtype, object["request"]?["subtype"]),
      (.first, object["errors"]?.array?.first),
    ]
    for (path, value) in found {
      switch (scanner[path], value) {
      case (nil, nil): break
      case (.nested?, .array?), (.nested?, .object?): break
      case (.literal(let literal, let isCut)?, .number?), (.literal(let literal, let isCut)?, .bool?),
        (.literal(let literal, let isCut)?, .null?):
        let whole = value?.serialized() ?? []
        hold(isCut ? whole.starts(with: literal) : whole == literal, "a literal differs")
      case (.string(_, let isCut)?, .string(let text)?):
        let scanned = scanner.text(path) ?? ""
        hold(isCut ? text.hasPrefix(scanned) : text == scanned, "a string differs")
      default:
        fatalError("a member differs at \(path): \(String(describing: scanner[path])), \(String(describing: value))")
      }
    }
  }
}
