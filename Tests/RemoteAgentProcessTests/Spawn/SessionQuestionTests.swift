import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

@Suite struct `Spawn session, questions` {
  private func busy(rules: RedactionRules? = nil, _ change: (inout SpawnSettings) -> Void = { _ in }) -> Bench {
    var settings = SpawnSettings(
      agent: "claude", profile: AgentProfiles.builtIn[agent: "claude"], mode: .session, folder: "/tmp")
    (settings.prompts, settings.hasControl) = (["x"], true)
    change(&settings)
    let bench = Bench(settings, rules: rules).started()
    bench.took(1)
    _ = bench.take()
    return bench
  }

  private func ask(_ id: String, _ input: String = #"{"command":"ls"}"#, on bench: Bench) {
    bench.output(
      #"{"type":"control_request","request_id":"\#(id)","request":{"subtype":"can_use_tool","tool_name":"Bash","#
        + #""input":\#(input)}}"# + "\n")
  }

  /// What the agent was told of its questions: the id, and allow or the message.
  private func told(_ bench: Bench) -> [String] {
    bench.take().compactMap {
      guard case .input(let bytes) = $0, let response = try? JSON(parsing: bytes)["response"],
        let id = response["request_id"]?.string, let body = response["response"]
      else { return nil }
      return "\(id) \(body["message"]?.string ?? body["behavior"]?.string ?? "?")"
    }
  }

  @Test func `a question is told, and answered by the hub`() {
    let bench = busy()
    ask("q1", on: bench)
    #expect(
      bench.states("approval") == [
        [
          "state": "approval", "requestId": "q1", "tool": "Bash", "input": ["command": "ls"], "expiresIn": 600,
        ]
      ])
    #expect(bench.session.deadline == bench.now + 600_000)
    bench.control(1, #"{"action":"approve","requestId":"q1","decision":"allow"}"#)
    #expect(bench.answer(to: 1) == nil)
    #expect(told(bench) == ["q1 allow"])
    #expect(
      bench.states("approval").last
        == ["state": "approval", "requestId": "q1", "decision": "allow", "by": "hub"])
    #expect(bench.session.deadline == nil)
    bench.control(2, #"{"action":"approve","requestId":"q1","decision":"allow"}"#)
    #expect(bench.answer(to: 2) == "no such question is open")
    #expect(bench.take() == [])
  }

  @Test func `a denial has its words, or ours`() {
    let bench = busy()
    ask("q1", on: bench)
    ask("q2", on: bench)
    bench.control(1, #"{"action":"approve","requestId":"q2","decision":"deny","message":"not now"}"#)
    bench.control(2, #"{"action":"approve","requestId":"q1","decision":"deny"}"#)
    #expect(told(bench) == ["q2 not now", "q1 denied"])
    #expect(bench.states("approval").map { $0["message"]?.string } == [nil, nil, "not now", nil])
  }

  @Test func `what nobody answers is denied in time`() {
    let bench = busy { $0.limits.approval = 5000 }
    ask("q1", on: bench)
    bench.now += 1000
    ask("q2", on: bench)
    bench.passed(3999)
    #expect(told(bench) == [])
    bench.passed(1)
    #expect(told(bench) == ["q1 nobody answered within 5 s"])
    #expect(
      bench.states("approval").last == [
        "state": "approval", "requestId": "q1", "decision": "deny", "by": "timeout",
        "message": "nobody answered within 5 s",
      ])
    bench.control(1, #"{"action":"approve","requestId":"q1","decision":"allow"}"#)
    #expect(bench.answer(to: 1) == "no such question is open")
    bench.passed(1000)
    #expect(told(bench) == ["q2 nobody answered within 5 s"])
  }

  @Test func `a question that the agent takes back is over, and so is one that it leaves`() {
    let bench = busy()
    ask("q1", on: bench)
    ask("q2", on: bench)
    bench.output(#"{"type":"control_cancel_request","request_id":"q1"}"# + "\n")
    bench.ends(.exited(code: 0))
    #expect(bench.states("approval").compactMap { $0["decision"]?.string } == ["withdrawn", "withdrawn"])
    #expect(bench.states("approval").compactMap { $0["by"]?.string } == ["agent", "agent"])
    #expect(bench.states("approval").compactMap { $0["requestId"]?.string } == ["q1", "q2", "q1", "q2"])
  }

  @Test(arguments: [true, false])
  func `where nobody may answer the agent is not made to ask`(hasControl: Bool) {
    let bench = busy {
      $0.hasControl = hasControl
      $0.policy.approve = false
    }
    #expect(!bench.session.launch.arguments.contains("--permission-prompt-tool"))
    ask("q1", on: bench)
    #expect(told(bench) == ["q1 nobody is there who could allow it"])
    #expect(bench.states("approval").count == 1)
    #expect(bench.states("approval").last?["by"] == "policy")
    #expect(bench.states("approval").last?["decision"] == "deny")
    #expect(bench.states("approval").last?["tool"] == "Bash")
  }

  @Test func `when control ends what is open is denied, and what comes then`() {
    let bench = busy()
    ask("q1", on: bench)
    bench.act { $0.controlRead(nil, at: $1) }
    #expect(told(bench) == ["q1 nobody can answer any more"])
    ask("q2", on: bench)
    #expect(told(bench) == ["q2 nobody can answer any more"])
    #expect(bench.states("approval").compactMap { $0["by"]?.string } == ["policy", "policy"])
  }

  @Test func `a question whose agent has ended, or reads no more, can't be answered`() {
    let bench = busy()
    ask("q1", on: bench)
    bench.act { $0.agentExited(.exited(code: 0), at: $1) }
    #expect(bench.states("approval").last?["decision"] == "withdrawn")
    bench.control(1, #"{"action":"approve","requestId":"q1","decision":"allow"}"#)
    #expect(bench.answer(to: 1) == "no such question is open")
    // One that was still in the pipe.
    ask("q2", on: bench)
    bench.control(2, #"{"action":"approve","requestId":"q2","decision":"allow"}"#)
    #expect(bench.answer(to: 2) == "no such question is open")
    #expect(bench.states("approval").compactMap { $0["decision"]?.string } == ["withdrawn", "deny"])
    let deaf = busy()
    ask("q1", on: deaf)
    deaf.act { $0.inputBroke(at: $1) }
    deaf.control(1, #"{"action":"approve","requestId":"q1","decision":"allow"}"#)
    #expect(deaf.answer(to: 1) == "no such question is open")
    let done = busy()
    done.endPrompts()
    ask("q1", on: done)
    done.result()
    #expect(done.take().last == .closeInput)
    done.control(1, #"{"action":"approve","requestId":"q1","decision":"allow"}"#)
    #expect(done.answer(to: 1) == "no such question is open")
    #expect(done.states("approval").last?["decision"] == "withdrawn")
  }

  @Test func `an answer to a question of the process before is none to one of this`() {
    let bench = busy(Bench.mayBeStarted)
    ask("0", on: bench)
    bench.ends(.exited(code: 0))
    bench.control(1, #"{"action":"start","prompt":"again"}"#)
    _ = bench.started()
    ask("0", on: bench)
    _ = bench.take()
    #expect(bench.states("approval").compactMap { $0["requestId"]?.string } == ["0", "0", "2:0"])
    bench.control(2, #"{"action":"approve","requestId":"0","decision":"allow"}"#)
    #expect(bench.answer(to: 2) == "no such question is open")
    #expect(told(bench) == [])
    bench.control(3, #"{"action":"approve","requestId":"2:0","decision":"allow"}"#)
    #expect(told(bench) == ["0 allow"])
    #expect(bench.states("approval").last?["requestId"] == "2:0")
  }

  @Test func `a deep input is told, its secrets hidden`() {
    let bench = busy(rules: RedactionRules(values: [SecretValue(name: "PW", value: Array("correct horse 1".utf8))]))
    let deep = String(repeating: "[", count: 200) + #""correct horse 1""# + String(repeating: "]", count: 200)
    ask("q1", #"{"a":\#(deep)}"#, on: bench)
    let input = bench.states("approval").last?["input"]?.text
    #expect(input?.contains("[redacted:PW]") == true)
    #expect(input?.contains("horse") == false)
  }

  @Test(arguments: ["", "a\\u0000b", String(repeating: "x", count: 257)])
  func `a question that no answer can name is denied at once`(name: String) {
    let bench = busy()
    ask(name, on: bench)
    #expect(told(bench).first?.hasSuffix(" the question's name is one that no answer can have") == true)
    #expect(bench.states("approval").map { $0["decision"]?.string } == ["deny"])
    ask(String(repeating: "x", count: 256), on: bench)
    #expect(told(bench) == [] && bench.states("approval").last?["expiresIn"] == 600)
  }

  @Test func `what ra-spawn makes of a name counts, too`() {
    let bench = busy(Bench.mayBeStarted)
    bench.ends(.exited(code: 0))
    bench.control(1, #"{"action":"start","prompt":"again"}"#)
    _ = bench.started()
    for (count, decision) in [(254, nil), (255, "deny")] as [(Int, String?)] {
      ask(String(repeating: "x", count: count), on: bench)
      #expect(bench.states("approval").last?["decision"]?.string == decision)
    }
  }

  @Test func `the deepest question that is asked is one that the hub reads`() {
    let bench = busy()
    for (depth, isAsked) in [(255, true), (256, false)] {
      let inner = depth - 1
      let input = #"{"a":"# + String(repeating: "[", count: inner) + String(repeating: "]", count: inner) + "}"
      ask("q\(depth)", input, on: bench)
      let status = bench.states("approval").last?.serialized() ?? []
      let read = status.withUnsafeBytes { Status(payload: $0) }
      #expect(
        read == (isAsked ? .asked(requestId: "q\(depth)", tool: "Bash") : .answered(requestId: "q\(depth)")))
    }
  }

  @Test func `64 questions may be open`() {
    let bench = busy()
    for number in 1...65 { ask("q\(number)", on: bench) }
    let told = told(bench)
    #expect(told.count == 1)
    #expect(told.first?.hasPrefix("q65 ") == true)
    #expect(bench.states("approval").count == 65)
    #expect(bench.states("approval").last?["by"] == "policy")
  }

  @Test func `a long input is told by its size`() {
    let bench = busy()
    let text = String(repeating: "y", count: 256 << 10)
    ask("q1", #"{"command":"\#(text)"}"#, on: bench)
    let asked = bench.states("approval").first
    #expect(asked?["input"] == nil)
    #expect(asked?["inputBytes"]?.integer == Int64((256 << 10) + 14))
    bench.control(1, #"{"action":"approve","requestId":"q1","decision":"allow"}"#)
    #expect(bench.answer(to: 1) == nil)
  }

  @Test func `what is secret of a question is hidden from the hub, and goes back to the agent as it was`() {
    let secret = "correct horse 1"
    let bench = busy(rules: RedactionRules(values: [SecretValue(name: "PW", value: Array(secret.utf8))]))
    ask("q1", #"{"command":"login \#(secret)","list":[{"\#(secret)":1}],"n":2}"#, on: bench)
    #expect(
      bench.states("approval").first?["input"]
        == ["command": "login [redacted:PW]", "list": [["[redacted:PW]": 1]], "n": 2])
    bench.control(1, #"{"action":"approve","requestId":"q1","decision":"allow"}"#)
    let answer = bench.take().compactMap {
      if case .input(let bytes) = $0 { String(decoding: bytes, as: UTF8.self) } else { nil }
    }
    #expect(answer.first?.contains("login \(secret)") == true)
    #expect(!bench.written.contains(secret))
  }

  @Test func `a question stops the clock of silence`() {
    let bench = busy { $0.limits.idle = 2000 }
    ask("q1", on: bench)
    bench.passed(60_000)
    #expect(bench.states("error").isEmpty)
    bench.control(1, #"{"action":"approve","requestId":"q1","decision":"allow"}"#)
    bench.passed(1999)
    #expect(bench.states("error").isEmpty)
    bench.passed(1)
    #expect(bench.states("error").first?["code"] == "idle_timeout")
  }
}
