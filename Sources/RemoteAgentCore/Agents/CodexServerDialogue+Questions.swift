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
    // Whatever it says, its name is taken.
    guard questions[requestId] == nil else { return }
    let tool = kind.tool(server: message.text(.server))
    guard let reason = ask(kind, rawId, requestId, tool) else { return }
    respond(to: .init(id: rawId, kind: method, input: []), .deny(message: reason))
    effects.append(.denied(requestId: requestId, tool: tool, reason: reason))
  }

  /// Why it is denied at once; nil if it is asked.
  private mutating func ask(_ kind: CodexQuestion, _ id: [UInt8], _ requestId: String, _ tool: String) -> String? {
    guard asks else { return AgentDialogue.nobodyAnswers }
    guard line.whole != nil else { return AgentDialogue.questionIsTooLong }
    guard let raw = line.raw("params"), let input = try? JSON(parsing: raw, maximumDepth: AgentQuestion.maximumDepth),
      input.members != nil
    else { return AgentDialogue.questionIsUnreadable }
    guard kind.takesYesOrNo(input) else { return "it asks for more than yes or no" }
    let kept = kind == .permissions ? line.raw("params", "permissions") ?? Array("{}".utf8) : []
    guard questions.add(.init(id: id, kind: kind.rawValue, input: kept), as: requestId) else {
      return AgentDialogue.tooManyQuestions
    }
    effects.append(.asks(AgentQuestion(requestId: requestId, tool: tool, input: withChanges(input, kind))))
    return nil
  }

  /// What is asked about file changes, and they.
  private func withChanges(_ input: JSON, _ kind: CodexQuestion) -> JSON {
    guard kind == .fileChange, let members = input.members, input["changes"] == nil,
      let begun = changes[line.members.text(.item)], let changes = try? JSON(parsing: begun, maximumDepth: 64)
    else { return input }
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
