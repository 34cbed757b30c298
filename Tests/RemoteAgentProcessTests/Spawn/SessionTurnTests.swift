import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

@Suite struct `Spawn session, turns and outcomes` {
  private static let initialized =
    #"{"type":"control_response","response":{"subtype":"success","request_id":"ra-initialize"}}"# + "\n"

  @Test func `no prompt is sent before the agent is there`() {
    let bench = Bench.claude { $0.prompts = ["first"] }
    bench.prompts("second\n")
    bench.running()
    #expect(bench.effects.count(where: SpawnEffect.isBeginningOfTalk) == 1)
    #expect(bench.sentPrompts() == [])
    #expect(bench.turns == [])
    bench.output(Self.initialized)
    #expect(bench.sentPrompts() == ["first"])
    bench.result()
    #expect(bench.sentPrompts() == ["second"])
  }

  @Test func `a prompt by control is applied when the agent has it`() {
    let bench = Bench.claude().started()
    bench.control(1, #"{"action":"prompt","text":"x"}"#)
    #expect(bench.sentPrompts() == ["x"])
    #expect(bench.answer(to: 1) == "none")
    bench.took(1)
    #expect(bench.answer(to: 1) == nil)
    #expect(bench.states("control").count == 1)
    bench.result()
    #expect(bench.states("control").count == 1)
  }

  @Test func `a prompt that the agent didn't get is refused with the reason`() {
    let bench = Bench.claude().started()
    bench.control(1, #"{"action":"prompt","text":"x"}"#)
    bench.ends(.exited(code: 1))
    #expect(bench.answer(to: 1) == "the agent ended without a result")
    #expect(bench.take().last == .finish(.exit(1)))
  }

  @Test func `an own prompt that is not sent is told, and no success`() {
    let bench = Bench.claude { $0.prompts = ["x", "y"] }.started()
    bench.result()
    bench.took(2)
    bench.control(1, #"{"action":"signal","name":"INT"}"#)
    bench.prompts("z\n")
    bench.ends(.exited(code: 0))
    #expect(bench.effects.contains(.warn("1 prompt was not sent: the agent has ended")))
    #expect(bench.states("exited").first?["outcome"] == "incomplete")
    #expect(bench.take().last == .finish(.exit(1)))
  }

  @Test func `a prompt that is left out is no success`() {
    let bench = Bench.claude().started()
    bench.prompts(String(repeating: "x", count: (1 << 20) + 1) + "\n")
    bench.endPrompts()
    bench.ends(.exited(code: 0))
    #expect(bench.take().last == .finish(.exit(1)))
  }

  @Test func `a status stands after the line that it comes of, and before the next one`() {
    let bench = Bench.claude { $0.prompts = ["x"] }.started()
    bench.output(
      #"{"type":"result","subtype":"success","is_error":false,"result":"first"}"# + "\n" + #"{"type":"other"}"# + "\n")
    let order = ["\"first\"", "\"outcome\":\"ok\"", "\"other\""].compactMap {
      bench.written.firstRange(of: $0)?.lowerBound
    }
    #expect(order.count == 3)
    #expect(order == order.sorted())
  }

  @Test func `the dialogue hears what is hidden from the hub`() {
    let uuid = ClaudePrompt.uuid(0, 1)
    var settings = SpawnSettings(
      agent: "claude", profile: AgentProfiles.builtIn[agent: "claude"], mode: .session, folder: "/tmp")
    (settings.prompts, settings.hasControl) = (["x"], true)
    let rules = RedactionRules(values: [SecretValue(name: "ID", value: Array(uuid.utf8))])
    let bench = Bench(settings, rules: rules).started()
    bench.output(#"{"type":"command_lifecycle","command_uuid":"\#(uuid)","state":"completed"}"# + "\n")
    #expect(!bench.written.contains(uuid))
    #expect(bench.session.deadline == bench.now + 5000)
  }

  // MARK: - What it comes to

  @Test(arguments: [(false, "ok", Int32(0)), (true, "error", 1)])
  func `an error is one although the agent ends well`(isError: Bool, outcome: String, status: Int32) {
    let bench = Bench.claude { $0.prompts = ["x"] }.started()
    bench.result(isError: isError)
    bench.ends(.exited(code: 0))
    #expect(bench.states("exited").first?["outcome"] == .string(outcome))
    #expect(bench.failures == (isError ? ["the agent's last turn was an error: why"] : []))
    #expect(bench.take().last == .finish(.exit(status)))
  }

  @Test func `a missing result is told and no success`() {
    let bench = Bench.claude { $0.prompts = ["x"] }.started()
    bench.took(1)
    bench.ends(.exited(code: 0))
    #expect(bench.failures == ["the agent's last turn gave no result: the agent ended without a result"])
    #expect(bench.take().last == .finish(.exit(1)))
  }

  @Test func `the worst turn counts, and is named`() {
    let bench = Bench.claude { $0.prompts = ["a", "b", "c"] }.started()
    bench.result(isError: true)
    bench.result()
    bench.took(3)
    bench.ends(.exited(code: 0))
    #expect(bench.turns == ["started", "error", "started", "ok", "started", "incomplete"])
    #expect(bench.states("exited").first?["outcome"] == "error")
    #expect(bench.failures == ["the agent's turn 1 was an error: why"])
  }

  @Test func `the agent's own exit status comes first`() {
    let bench = Bench.claude { $0.prompts = ["x"] }.started()
    bench.result(isError: true)
    bench.ends(.exited(code: 7))
    #expect(bench.take().last == .finish(.exit(7)))
  }

  @Test func `the agent's exit status alone, if so wished`() {
    let bench = Bench.claude { ($0.prompts, $0.tellsOutcome) = (["x"], false) }.started()
    bench.result(isError: true)
    bench.ends(.exited(code: 0))
    #expect(bench.states("exited").first?["outcome"] == "error")
    #expect(bench.failures == [])
    #expect(bench.take().last == .finish(.exit(0)))
  }

  @Test func `a failed exit is an error although the turn was none`() {
    let bench = Bench.claude { $0.prompts = ["x"] }.started()
    bench.result()
    bench.ends(.exited(code: 3))
    #expect(bench.states("exited").first?["outcome"] == "error")
    #expect(bench.take().last == .finish(.exit(3)))
  }

  @Test func `a program's own turns are nobody's`() {
    let bench = Bench.raw().started()
    bench.result(isError: true)
    bench.ends(.exited(code: 0))
    #expect(bench.turns == [])
    #expect(bench.take().last == .finish(.exit(0)))
  }

  @Test func `in raw mode an end without a result is incomplete, and what is no turn is none`() {
    let bench = Bench.claude { $0.mode = .raw }.started()
    bench.output(#"{"type":"system","subtype":"init"}"# + "\n")
    bench.ends(.exited(code: 0))
    #expect(bench.turns == ["started", "incomplete"])
    #expect(bench.take().last == .finish(.exit(1)))
    let version = Bench.claude { ($0.mode, $0.arguments) = (.raw, ["--version"]) }.started()
    version.output("2.1.330 (Claude Code)\n")
    version.ends(.exited(code: 0))
    #expect(version.turns == [])
    #expect(version.take().last == .finish(.exit(0)))
  }

  @Test func `a result without a beginning is a turn in raw mode`() {
    let bench = Bench.claude { $0.mode = .raw }.started()
    bench.result(isError: true)
    bench.ends(.exited(code: 0))
    #expect(bench.turns == ["started", "error"])
    #expect(bench.take().last == .finish(.exit(1)))
  }

  @Test func `a restart begins anew`() {
    let bench = Bench.claude {
      Bench.mayBeStarted(&$0)
      $0.prompts = ["x"]
    }.started()
    bench.result(isError: true)
    bench.ends(.exited(code: 0))
    bench.control(1, #"{"action":"start","prompt":"again"}"#)
    _ = bench.started()
    bench.result()
    bench.act { $0.controlRead(nil, at: $1) }
    bench.endPrompts()
    bench.ends(.exited(code: 0))
    #expect(bench.states("exited").map { $0["outcome"] } == ["error", "ok"])
    #expect(bench.take().last == .finish(.exit(0)))
  }

  @Test func `an agent that can't be talked to is an error`() {
    let bench = Bench.claude { $0.prompts = ["x"] }
    bench.running()
    bench.control(1, #"{"action":"prompt","text":"y"}"#)
    bench.output(
      #"{"type":"control_response","response":{"subtype":"error","request_id":"ra-initialize","error":"no"}}"# + "\n")
    #expect(bench.states("error").first?["code"] == "dialogue")
    #expect(bench.failures == ["talking to the agent: no"])
    #expect(bench.answer(to: 1) == "the agent is being stopped")
    #expect(bench.effects.contains(.closeInput))
    bench.ends(.exited(code: 0))
    #expect(bench.states("exited").first?["outcome"] == "error")
    #expect(bench.take().last == .finish(.exit(1)))
  }

  @Test func `an agent that reads no more gets no prompt, and time to end`() {
    let bench = Bench.claude { $0.prompts = ["x", "y"] }.started()
    bench.control(1, #"{"action":"prompt","text":"z"}"#)
    _ = bench.take()
    bench.act { $0.inputBroke(at: $1) }
    #expect(bench.take() == [.warn("1 prompt was not sent: the agent reads no more")])
    #expect(bench.answer(to: 1) == "the agent reads no more")
    bench.passed(10_000)
    #expect(
      bench.take() == [
        .warn("the agent doesn't end although it has closed its input; it gets SIGTERM"), .signal(SIGTERM),
      ])
  }

  @Test func `one whose input we close, since it reads nothing, is not said to have done it`() {
    let bench = Bench.claude().started()
    _ = bench.take()
    bench.act { $0.inputBroke(isByUs: true, at: $1) }
    #expect(
      bench.take() == [.warn("the agent reads nothing, and more than 8 MiB wait for it; its input is closed")])
    bench.act { $0.inputBroke(at: $1) }
    #expect(bench.take() == [])
    bench.passed(10_000)
    #expect(
      bench.take() == [
        .warn("the agent doesn't end although its input is closed; it gets SIGTERM"), .signal(SIGTERM),
      ])
  }
}
