import RemoteAgentCore

/// What the agent asks to be allowed, and who answers.
extension SpawnSession {
  static let mostQuestions = 64
  /// The longest input of a tool that is told, in bytes of JSON: as it came, and with its secrets hidden.
  static let longestQuestion = 256 << 10

  struct Question {
    /// The dialogue's.
    let id: String
    /// As the hub has it.
    let name: String
    let expiresAt: Milliseconds

    /// Byte for byte: what Unicode calls equal are two ids to an agent.
    func has(id other: String) -> Bool { id.utf8.elementsEqual(other.utf8) }
  }

  /// Whether it matters at once that the agent reads no more.
  package var awaitsAnswers: Bool { !questions.isEmpty }

  mutating func asked(_ question: AgentQuestion, at moment: Moment) {
    guard !questions.contains(where: { $0.has(id: question.requestId) }) else { return }
    let (name, flaw) = newName(for: question.requestId)
    let denial = whyNobodyAnswers ?? flaw
    guard denial == nil, questions.count < SpawnSession.mostQuestions else {
      let reason = denial ?? "\(questions.count) questions are open already"
      _ = dialogue?.answer(question.requestId, .deny(message: reason))
      return tellDenial(name, question.tool, reason, at: moment)
    }
    tell(question, as: name, expiresIn: settings.limits.approval, at: moment)
    questions.append(
      Question(id: question.requestId, name: name, expiresAt: moment.now + settings.limits.approval))
  }

  /// What a question is called, and why it can't be asked by that name.
  private mutating func newName(for id: String) -> (name: String, flaw: String?) {
    guard output.redact(id) == id else {
      return (questionNames.next("[redacted]"), "the question's name has a secret in it")
    }
    // Codex counts its questions anew in each process.
    let name = questionNames.next(processes > 1 ? "\(processes):\(id)" : id)
    return (name, Status.takes(requestId: name) ? nil : "the question's name is one that no answer can have")
  }

  /// A question that nobody is asked was denied.
  mutating func deniedAtOnce(_ id: String, _ tool: String, _ reason: String, at moment: Moment) {
    tellDenial(newName(for: id).name, tool, reason, at: moment)
  }

  private mutating func tellDenial(_ name: String, _ tool: String, _ reason: String, at moment: Moment) {
    status(
      "approval",
      [
        "requestId": .string(name), "tool": .string(tool), "decision": "deny", "by": "policy",
        "message": .string(reason),
      ], at: moment)
  }

  private var whyNobodyAnswers: String? {
    if !settings.mayBeAsked { return "nobody may answer here" }
    // An answer must be able to reach it, too.
    return controlIsOpen && life == .running && !isInputClosed ? nil : "nobody can answer any more"
  }

  private mutating func tell(
    _ question: AgentQuestion, as name: String, expiresIn: Milliseconds, at moment: Moment
  ) {
    var members: [JSON.Member] = [.init("requestId", .string(name)), .init("tool", .string(question.tool))]
    let size = question.input.serialized().count
    members.append(
      size <= SpawnSession.longestQuestion
        ? .init("input", question.input) : .init("inputBytes", .integer(Int64(size))))
    members.append(.init("expiresIn", .integer((expiresIn + 999) / 1000)))
    status("approval", .object(members), at: moment)
  }

  mutating func approveAsked(_ seq: Int64, _ approval: ControlAction.Approval, at moment: Moment) throws(ControlRefusal)
  {
    let message = approval.message ?? "denied"
    let decision = approval.isAllowed ? AgentDecision.allow : .deny(message: message)
    guard let question = questions.first(where: { $0.name == approval.requestId }),
      dialogue?.answer(question.id, decision) == true
    else { throw ControlRefusal("no such question is open") }
    decided(
      question.id, approval.isAllowed ? "allow" : "deny", by: "hub", message: approval.message, at: moment)
    answer(seq, at: moment)
    obeyDialogue(at: moment)
  }

  private mutating func deny(_ id: String, by whom: String, _ message: String, at moment: Moment) {
    // The dialogue may have done it by itself.
    _ = dialogue?.answer(id, .deny(message: message))
    decided(id, "deny", by: whom, message: message, at: moment)
  }

  /// A question is over.
  mutating func decided(
    _ id: String, _ decision: String, by whom: String, message: String? = nil, at moment: Moment
  ) {
    guard let index = questions.firstIndex(where: { $0.has(id: id) }) else { return }
    let question = questions.remove(at: index)
    quietSince = moment.now
    var members: [JSON.Member] = [
      .init("requestId", .string(question.name)), .init("decision", .string(decision)), .init("by", .string(whom)),
    ]
    if let message { members.append(.init("message", .string(message))) }
    status("approval", .object(members), at: moment)
  }

  /// Denies what nobody answered in time.
  mutating func denyExpired(at moment: Moment) {
    let expired = questions.filter { $0.expiresAt <= moment.now }
    guard !expired.isEmpty else { return }
    let seconds = settings.limits.approval / 1000
    for question in expired { deny(question.id, by: "timeout", "nobody answered within \(seconds) s", at: moment) }
    obeyDialogue(at: moment)
  }

  /// Denies all, since nobody can answer any more.
  mutating func denyAll(at moment: Moment) {
    guard !questions.isEmpty else { return }
    for question in questions { deny(question.id, by: "policy", "nobody can answer any more", at: moment) }
    obeyDialogue(at: moment)
  }

  /// The process that asked is gone, or its input is: no answer reaches it.
  mutating func withdrawQuestions(at moment: Moment) {
    for question in questions { decided(question.id, "withdrawn", by: "agent", at: moment) }
  }
}
