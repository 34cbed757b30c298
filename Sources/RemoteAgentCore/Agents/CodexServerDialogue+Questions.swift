/// Codex's requests: the questions among them are asked, or denied at once; the others are refused.
extension CodexServerDialogue {
  mutating func heardRequest(
    _ method: String, _ id: MemberScanner<Member>.Value, _ message: MemberScanner<Member>
  ) {
    guard let (requestId, rawId) = name(of: id) else {
      if let id = line.rawScalar("id") {
        write(id: id, member: "error", ["code": -32600, "message": "ra-spawn does not take such an id"])
      }
      return
    }
    guard let kind = CodexQuestion(method) else {
      return write(id: rawId, member: "error", ["code": -32601, "message": "ra-spawn does not know this request"])
    }
    if let open = questions[requestId] {
      // The same one, once more; or one that is only called the same.
      guard open.id != rawId else { return }
      return write(id: rawId, member: "error", ["code": -32600, "message": .string(AgentDialogue.nameIsTaken)])
    }
    let tool = kind.tool(server: message.wholeText(.server))
    guard let reason = ask(kind, rawId, requestId, tool) else { return }
    respond(to: .init(id: rawId, kind: method, input: []), .deny(message: reason))
    effects.append(.denied(requestId: requestId, tool: tool, reason: reason))
  }

  /// Why it is denied at once; nil if it is asked.
  private mutating func ask(_ kind: CodexQuestion, _ id: [UInt8], _ requestId: String, _ tool: String) -> String? {
    guard asks else { return AgentDialogue.nobodyAnswers }
    guard line.whole != nil else { return AgentDialogue.questionIsTooLong }
    guard let input = line.unambiguous(maximumDepth: AgentQuestion.maximumDepth + 1)?["params"], input.members != nil,
      let kept = sentBack(of: input, kind), isServerWhole
    else { return AgentDialogue.questionIsUnreadable }
    guard kind.takesYesOrNo(input) else { return "it asks for more than yes or no" }
    guard let shown = withChanges(input, kind) else { return AgentDialogue.changesAreUnknown }
    guard questions.add(.init(id: id, kind: kind.rawValue, input: kept), as: requestId) else {
      return AgentDialogue.tooManyQuestions
    }
    effects.append(.asks(AgentQuestion(requestId: requestId, tool: tool, input: shown)))
    return nil
  }

  /// The beginning of a server's name may be another one's.
  private var isServerWhole: Bool { line.members[.server] == nil || line.members.wholeText(.server) != nil }

  /// What an answer sends back, as it stood; nil if what is shown does not stand there under its plain name.
  private func sentBack(of input: JSON, _ kind: CodexQuestion) -> [UInt8]? {
    guard kind == .permissions else { return [] }
    return input["permissions"] == nil ? Array("{}".utf8) : line.raw("params", "permissions")
  }

  /// What is asked, about file changes with them; nil if they are not known.
  private func withChanges(_ input: JSON, _ kind: CodexQuestion) -> JSON? {
    guard kind == .fileChange, input["changes"]?.array == nil else { return input }
    guard let members = input.members, input["changes"] == nil, let begun = changes[input["itemId"]?.string],
      let changes = try? JSON(parsing: begun, maximumDepth: CodexChanges.maximumDepth),
      changes.array != nil
    else { return nil }
    return .object(members + [.init("changes", changes)])
  }

  /// A request's name: as text, and as it goes back; nil if it is none that a request can have.
  func name(of request: MemberScanner<Member>.Value?) -> (text: String, id: [UInt8])? {
    switch request {
    case .string(let content, isCut: false):
      content.withUnsafeBytes { MemberScanner<Member>.text(of: $0) }.map { ($0, quoted(content)) }
    case .literal(let digits, isCut: false)
    where digits.withUnsafeBytes { JSONGrammar.endOfScalar(in: $0, from: 0) } == digits.count:
      // As it stood, where it is no integer: whoever chose it knows it.
      Int64(String(decoding: digits, as: UTF8.self)).map { ("\($0)", Array("\($0)".utf8)) }
        ?? (String(decoding: digits, as: UTF8.self), digits)
    default: nil
    }
  }

  private func quoted(_ content: [UInt8]) -> [UInt8] { [UInt8(ascii: "\"")] + content + [UInt8(ascii: "\"")] }

  mutating func respond(to question: OpenQuestions.Question, _ decision: AgentDecision) {
    guard let kind = CodexQuestion(question.kind) else { return }
    write(id: question.id, member: "result", kind.response(decision, input: question.input))
  }
}
