import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// What questions are called, whatever the agent calls them: an answer decides what it was given to, or nothing.
@Suite struct `Spawn session, names of questions` {
  private func busy(secret: SecretValue? = nil, _ change: (inout SpawnSettings) -> Void = { _ in }) -> Bench {
    var settings = SpawnSettings(
      agent: "claude", profile: AgentProfiles.builtIn[agent: "claude"], mode: .session, folder: "/tmp")
    (settings.prompts, settings.hasControl) = (["x"], true)
    change(&settings)
    let bench = Bench(settings, rules: secret.map { RedactionRules(values: [$0]) }).started()
    bench.took(1)
    _ = bench.take()
    return bench
  }

  private func ask(_ id: String, _ command: String = "ls", on bench: Bench) {
    bench.output(
      #"{"type":"control_request","request_id":"\#(id)","request":{"subtype":"can_use_tool","tool_name":"Bash","#
        + #""input":{"command":"\#(command)"}}}"# + "\n")
  }

  private func cancel(_ id: String, on bench: Bench) {
    bench.output(#"{"type":"control_cancel_request","request_id":"\#(id)"}"# + "\n")
  }

  private func approve(_ name: String, as seq: Int, on bench: Bench) {
    bench.control(seq, #"{"action":"approve","requestId":"\#(name)","decision":"allow"}"#)
  }

  private func names(_ bench: Bench) -> [String?] {
    bench.states("approval").filter { $0["decision"] == nil }.map { $0["requestId"]?.string }
  }

  private func answers(_ bench: Bench) -> [String] {
    bench.take().compactMap {
      guard case .input(let bytes) = $0, let json = try? JSON(parsing: bytes) else { return nil }
      return json["response"]?["request_id"]?.string
    }
  }

  @Test func `an answer to a question that was taken back is none to the next of that name`() {
    let bench = busy()
    ask("q1", on: bench)
    cancel("q1", on: bench)
    ask("q1", "rm -rf ~", on: bench)
    approve("q1", as: 1, on: bench)
    #expect(bench.answer(to: 1) == "no such question is open")
    #expect(answers(bench) == [])
    #expect(names(bench) == ["q1", "q1:2"])
    approve("q1:2", as: 2, on: bench)
    #expect(bench.answer(to: 2) == nil)
    #expect(answers(bench) == ["q1"])
    #expect(bench.states("approval").last?["requestId"] == "q1:2")
    ask("q1", on: bench)
    cancel("q1", on: bench)
    #expect(bench.states("approval").last?["requestId"] == "q1:3")
    #expect(bench.states("approval").last?["decision"] == "withdrawn")
  }

  @Test func `an agent can't choose the name that another question will have`() {
    let bench = busy(Bench.mayBeStarted)
    for id in ["q1:3", "q1", "q1", "2:q1"] {
      ask(id, on: bench)
      cancel(id, on: bench)
    }
    bench.ends(.exited(code: 0))
    bench.control(1, #"{"action":"start","prompt":"again"}"#)
    _ = bench.started()
    ask("q1", on: bench)
    #expect(names(bench) == ["q1:3", "q1", "q1:4", "2:q1", "2:q1:6"])
  }

  @Test func `names that Unicode calls equal are two`() {
    let bench = busy()
    ask("\u{e9}", on: bench)
    cancel("\u{e9}", on: bench)
    ask("e\u{301}", on: bench)
    #expect(names(bench) == ["\u{e9}", "e\u{301}:2"])
    approve("\u{e9}", as: 1, on: bench)
    #expect(bench.answer(to: 1) == "no such question is open")
  }

  @Test func `however many there were, none has the name of another`() {
    let bench = busy()
    for number in 1...600 {
      ask("q\(number)", on: bench)
      cancel("q\(number)", on: bench)
    }
    for id in ["q1", "q600", "q514", "q1"] {
      ask(id, on: bench)
      cancel(id, on: bench)
    }
    let names = names(bench).compactMap { $0 }
    #expect(Set(names).count == 604)
    #expect(names[..<512] == (1...512).map { "q\($0)" }[...])
    #expect(names.suffix(4) == ["q1:601", "q600:602", "q514:603", "q1:604"])
  }

  @Test func `what is denied at once has a name of its own, too`() {
    let bench = busy { $0.policy.approve = false }
    for _ in 1...2 { ask("q1", on: bench) }
    #expect(bench.states("approval").map { $0["requestId"]?.string } == ["q1", "q1:2"])
  }

  // MARK: - Secrets

  private static let secret = SecretValue(name: "PW", value: Array("hunter99".utf8))

  @Test func `a question with a secret in its name is denied, and not called by it`() {
    let bench = busy(secret: `Spawn session, names of questions`.secret)
    ask("id-hunter99-x", on: bench)
    ask("id-hunter99-y", on: bench)
    #expect(answers(bench) == ["id-hunter99-x", "id-hunter99-y"])
    #expect(bench.states("approval").map { $0["requestId"]?.string } == ["[redacted]", "[redacted]:2"])
    #expect(bench.states("approval").map { $0["decision"]?.string } == ["deny", "deny"])
    #expect(bench.states("approval").last?["message"] == "the question's name has a secret in it")
    #expect(!bench.written.contains("hunter99"))
  }

  @Test func `nor is one that nobody is asked`() {
    let bench = busy(secret: `Spawn session, names of questions`.secret) { $0.policy.approve = false }
    ask("id-hunter99-x", on: bench)
    #expect(bench.states("approval").map { $0["requestId"]?.string } == ["[redacted]"])
    #expect(!bench.written.contains("hunter99"))
  }

  // MARK: - Size

  @Test func `a question that hiding its secrets makes too long is told by its size`() {
    let name = "MY_VERY_LONG_NAME_OF_A_DEPLOYMENT_SECRET_TOKEN"
    let bench = busy(secret: SecretValue(name: name, value: Array("hunter99".utf8)))
    let command = String(repeating: "hunter99 ", count: 28_000)
    ask("q1", command, on: bench)
    let asked = bench.states("approval").first
    #expect(asked?["input"] == nil)
    #expect(asked?["inputBytes"]?.integer == Int64(command.utf8.count + 14))
    #expect((asked?.serialized().count ?? 0) < 1000)
    approve("q1", as: 1, on: bench)
    #expect(bench.answer(to: 1) == nil)
    // What is still short enough is shown.
    ask("q2", String(repeating: "hunter99 ", count: 1000), on: bench)
    #expect(bench.states("approval").last?["input"]?["command"]?.string?.hasPrefix("[redacted:\(name)] ") == true)
  }
}
