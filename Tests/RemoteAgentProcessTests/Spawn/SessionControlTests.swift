import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

@Suite struct `Spawn session, control` {
  @Test func `stop is SIGTERM, and after the grace the end of the tree`() {
    let bench = Bench.raw().started()
    _ = bench.take()
    bench.control(1, #"{"action":"stop"}"#)
    #expect(bench.take() == [.signal(SIGTERM)])
    #expect(bench.answer(to: 1) == nil)
    #expect(bench.session.deadline == bench.now + 5000)
    bench.passed(4999)
    #expect(bench.take() == [])
    bench.passed(1)
    #expect(bench.take() == [.endTree(grace: 0)])
  }

  @Test func `stop with a grace of its own, and with none`() {
    let bench = Bench.raw().started()
    _ = bench.take()
    bench.control(1, #"{"action":"stop","graceMs":100}"#)
    #expect(bench.session.deadline == bench.now + 100)
    _ = bench.take()
    bench.control(2, #"{"action":"stop","graceMs":0}"#)
    #expect(bench.take() == [.endTree(grace: 0)])
  }

  @Test func `stop before the agent is there waits for it`() {
    let bench = Bench.raw()
    bench.control(1, #"{"action":"stop"}"#)
    #expect(bench.take() == [.start])
    _ = bench.started()
    #expect(bench.take() == [.signal(SIGTERM)])
  }

  @Test(arguments: [
    (#"{"action":"stop","graceMs":-1}"#, "graceMs must be a whole number from 0 to 3600000"),
    (#"{"action":"stop","graceMs":1.5}"#, "graceMs must be a whole number from 0 to 3600000"),
    (#"{"action":"stop","graceMs":"1"}"#, "graceMs must be a whole number from 0 to 3600000"),
    (#"{"action":"start"}"#, "starting an agent is not allowed here (allow: agents, restart)"),
    (#"{"action":"prompt","text":"hello"}"#, "prompts need session mode"),
    (#"{"action":"input","text":"x"}"#, "raw input is not allowed here (allow: input)"),
    (#"{"action":"signal","name":"KILL"}"#, "this signal is not allowed here (allow: signals)"),
    (#"{"action":"signal","name":15}"#, "name must be a text that is not empty"),
    (#"{"action":"resize","cols":1,"rows":1}"#, "resizing the terminal is not allowed here (allow: input)"),
    (#"{"action":"approve","requestId":"r","decision":"allow"}"#, "no such question is open"),
    (#"{"action":7}"#, "no action is given"),
    (#"{"action":"x"}"#, "there is no such action"),
    (#"{"action":"prompt","action":"stop"}"#, "text must be a text that is not empty"),
    (#"{"action":}"#, "it can't be read: expected a value at byte 10"),
    (#"{}"#, "no action is given"),
  ])
  func `what can't be done is refused with its reason`(payload: String, reason: String) {
    let bench = Bench.raw().started()
    _ = bench.take()
    bench.control(1, payload)
    #expect(bench.answer(to: 1) == reason)
    #expect(bench.take() == [])
  }

  @Test func `a number that was seen is dropped without a word`() {
    let bench = Bench.raw().started()
    bench.control(5, #"{"action":"input"}"#)
    bench.control(5, #"{"action":"stop"}"#)
    bench.control(4, #"{"action":"stop"}"#)
    #expect(bench.states("control").count == 1)
    #expect(!bench.take().contains(.signal(SIGTERM)))
  }

  @Test(arguments: [
    (#"{"type":"control","payload":{"action":"stop"}}"#, "a control line is ignored: it has no seq"),
    (#"{"type":"control","seq":0,"payload":{"action":"stop"}}"#, "a control line is ignored: it has no seq"),
    (#"{"type":"log","seq":1,"payload":{}}"#, "a control line is ignored: its type is not control"),
    ("stop", "a control line is ignored: not a JSON object"),
    (#"{"type":"control","seq":1}"#, "a control line is ignored: member payload is missing"),
  ])
  func `a line that is no control is warned about`(line: String, warning: String) {
    let bench = Bench.raw().started()
    _ = bench.take()
    bench.control(line)
    #expect(bench.take() == [.warn(warning)])
    #expect(bench.states("control").isEmpty)
  }

  @Test func `a line longer than 1 MiB is left out, and the next is taken`() {
    let bench = Bench.raw().started()
    _ = bench.take()
    bench.control(#"{"type":"control","seq":1,"payload":{"a":""# + String(repeating: "x", count: 3 << 20) + #""}}"#)
    bench.control(2, #"{"action":"stop"}"#)
    #expect(bench.take() == [.warn("a control line of more than 1 MiB is ignored"), .signal(SIGTERM)])
  }

  @Test func `a line may come in any pieces`() {
    let bench = Bench.raw().started()
    _ = bench.take()
    for byte in Array("{\"type\":\"control\",\"seq\":1,\"payload\":{\"action\":\"stop\"}}\n".utf8) {
      bench.act { session, moment in [byte].withUnsafeBytes { session.controlRead($0, at: moment) } }
    }
    #expect(bench.take() == [.signal(SIGTERM)])
  }

  @Test func `who stays waits for a start, and runs again`() {
    let bench = Bench.raw(Bench.mayBeStarted).started()
    bench.ends(.exited(code: 3))
    #expect(bench.take().last == .closeStreams)
    bench.control(1, #"{"action":"stop"}"#)
    #expect(bench.answer(to: 1) == "no agent is running")
    bench.control(2, #"{"action":"start","agent":"sh","args":[],"cwd":"/tmp"}"#)
    #expect(bench.take() == [.start])
    #expect(bench.answer(to: 2) == "none")
    _ = bench.started()
    #expect(bench.answer(to: 2) == nil)
    bench.act { $0.controlRead(nil, at: $1) }
    bench.ends(.exited(code: 4))
    #expect(bench.take().last == .finish(.exit(4)))
  }

  @Test(arguments: [
    (#"{"action":"start","agent":"codex"}"#, "this agent is not allowed here (allow: agents)"),
    (#"{"action":"start","agent":7}"#, "agent must be a text that is not empty"),
    (#"{"action":"start","args":["-c","rm"]}"#, "arguments are not allowed here (allow: arguments)"),
    (#"{"action":"start","args":"x"}"#, "args must be a list of texts without NUL"),
    (
      #"{"action":"start","cwd":"/work"}"#,
      "starting this agent otherwise than it was is not allowed here (allow: agents)"
    ),
    (#"{"action":"start","prompt":"hi"}"#, "prompts need session mode"),
  ])
  func `nothing else may be started`(payload: String, reason: String) {
    let bench = Bench.raw(Bench.mayBeStarted).started()
    bench.ends(.exited(code: 0))
    _ = bench.take()
    bench.control(1, payload)
    #expect(bench.answer(to: 1) == reason)
    #expect(bench.take() == [])
  }

  @Test func `a start that fails is refused, and the next may do better`() {
    let bench = Bench.raw(Bench.mayBeStarted).started()
    bench.ends(.exited(code: 0))
    bench.control(1, #"{"action":"start"}"#)
    bench.act { $0.agentNotStarted(StartFailure(.notFound, "gone"), at: $1) }
    #expect(bench.answer(to: 1) == "gone")
    _ = bench.take()
    bench.control(2, #"{"action":"start"}"#)
    #expect(bench.take() == [.start])
  }

  @Test func `who waits for a start ends with control, or by a signal`() {
    let ended = Bench.raw(Bench.mayBeStarted).started()
    ended.ends(.exited(code: 3))
    ended.act { $0.controlRead(nil, at: $1) }
    #expect(ended.take().last == .finish(.exit(3)))
    let signalled = Bench.raw(Bench.mayBeStarted).started()
    signalled.ends(.exited(code: 3))
    signalled.act { $0.signalled(SIGTERM, at: $1) }
    #expect(signalled.take().last == .finish(.exit(3)))
  }
}
