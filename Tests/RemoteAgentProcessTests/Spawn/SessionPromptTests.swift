import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

@Suite struct `Spawn session, prompts` {
  @Test func `prompts go one at a time, the next when the result has come`() {
    let bench = Bench.claude { $0.prompts = ["zero"] }
    bench.prompts("one\n\n  \r\ntwo")
    #expect(bench.sentPrompts() == [])
    _ = bench.started()
    #expect(bench.sentPrompts() == ["zero"])
    bench.output("{\"type\":\"assistant\"}\n")
    #expect(bench.sentPrompts() == [])
    bench.result()
    #expect(bench.sentPrompts() == ["one"])
    bench.result(isError: true)
    #expect(bench.sentPrompts() == [])
    bench.act { $0.promptsRead(nil, at: $1) }
    #expect(bench.sentPrompts() == ["two"])
    bench.result()
    #expect(bench.take() == [.closeInput])
    #expect(bench.turns == ["started", "ok", "started", "error", "started", "ok"])
    #expect(bench.states("turn")[3]["detail"] == "why")
    #expect(bench.states("turn")[3]["turn"] == 2)
    bench.ends(.exited(code: 0))
    #expect(bench.states("exited").first?["outcome"] == "error")
  }

  @Test func `a missing result is incomplete`() {
    let bench = Bench.claude { $0.prompts = ["x", "y"] }.started()
    _ = bench.take()
    bench.ends(.exited(code: 0))
    #expect(bench.turns == ["started", "incomplete"])
    #expect(bench.states("exited").first?["outcome"] == "incomplete")
    #expect(bench.take().contains(.warn("1 prompt was not sent: the agent has ended")))
  }

  @Test func `a run that lost a prompt is not done, and the hub knows`() {
    let bench = Bench.claude { $0.prompts = ["x", "y"] }.started()
    bench.act { session, moment in
      [0x66, 0xFF, 0x0A as UInt8].withUnsafeBytes { session.promptsRead($0, at: moment) }
    }
    bench.result()
    bench.result()
    bench.endPrompts()
    bench.ends(.exited(code: 0))
    #expect(bench.turns == ["started", "ok", "started", "ok"])
    #expect(
      bench.states("error") == [
        ["state": "error", "code": "prompt_lost", "message": "a prompt that is not UTF-8 is left out"]
      ])
    #expect(bench.states("exited").first?["outcome"] == "incomplete")
    #expect(bench.take().last == .finish(.exit(1)))
  }

  @Test func `a prompt that the agent's end leaves over is lost before the end is told`() {
    let bench = Bench.claude { $0.prompts = ["x"] }.started()
    bench.result()
    bench.act { $0.agentExited(.exited(code: 0), at: $1) }
    bench.prompts("late\n")
    bench.control(1, #"{"action":"prompt","text":"theirs"}"#)
    #expect(bench.answer(to: 1) == "no agent is running")
    bench.ends(.exited(code: 0))
    #expect(bench.statuses.suffix(2).map { $0["state"] } == ["error", "exited"])
    #expect(bench.states("exited").first?["outcome"] == "incomplete")
  }

  @Test func `a refused prompt of the hub's is none of the run's`() {
    let bench = Bench.claude { $0.prompts = ["x"] }.started()
    bench.control(1, #"{"action":"prompt","text":"theirs"}"#)
    bench.act { $0.inputBroke(at: $1) }
    bench.result()
    #expect(bench.answer(to: 1) == "the agent reads no more")
    bench.ends(.exited(code: 0))
    #expect(bench.states("exited").first?["outcome"] == "ok")
    #expect(bench.take().last == .finish(.exit(0)))
  }

  @Test func `what is typed for an agent that nobody can start any more is lost`() {
    for isBroken in [false, true] {
      let bench = Bench.claude(Bench.mayBeStarted).started()
      bench.ends(.exited(code: 0))
      bench.prompts("one\ntwo\n")
      _ = bench.take()
      bench.act { if isBroken { $0.outputBroke(at: $1) } else { $0.controlRead(nil, at: $1) } }
      let why = isBroken ? "nobody reads what comes of it" : "nobody can start the agent any more"
      #expect(
        bench.take() == [.warn("2 prompts were not sent: \(why)"), .finish(isBroken ? .brokenPipe : .exit(1))])
      #expect(bench.states("error").last?["code"] == "prompt_lost")
    }
  }

  @Test func `a prompt that is lost before a restart is the next run's`() {
    let bench = Bench.claude(Bench.mayBeStarted).started()
    bench.ends(.exited(code: 0))
    bench.prompts(String(repeating: "x", count: (1 << 20) + 1) + "\n")
    for (seq, outcome) in [(1, "incomplete"), (2, "ok")] {
      bench.control(seq, #"{"action":"start","prompt":"x"}"#)
      _ = bench.started()
      bench.result()
      if seq == 2 { bench.act { $0.controlRead(nil, at: $1) } }
      bench.ends(.exited(code: 0))
      #expect(bench.states("exited").last?["outcome"] == .string(outcome))
    }
    #expect(bench.take().last == .finish(.exit(0)))
  }

  @Test func `a prompt that the agent calls done without a result doesn't hold up the next`() {
    let bench = Bench.claude { $0.prompts = ["x", "y"] }.started()
    _ = bench.take()
    let uuid = ClaudePrompt.uuid(0, 1)
    bench.output("{\"type\":\"command_lifecycle\",\"command_uuid\":\"other\",\"state\":\"completed\"}\n")
    #expect(bench.session.deadline == nil)
    bench.output("{\"type\":\"command_lifecycle\",\"command_uuid\":\"\(uuid)\",\"state\":\"completed\"}\n")
    #expect(bench.session.deadline == bench.now + 5000)
    bench.passed(5000)
    #expect(bench.turns == ["started", "incomplete", "started"])
    #expect(bench.sentPrompts() == ["y"])
  }

  @Test func `a prompt by control waits for its turn`() {
    let bench = Bench.claude().started()
    bench.prompts("mine\n")
    bench.control(1, #"{"action":"prompt","text":"theirs"}"#)
    #expect(bench.answer(to: 1) == "none")
    #expect(bench.sentPrompts() == ["mine"])
    bench.result()
    #expect(bench.sentPrompts() == ["theirs"])
    bench.took(2)
    #expect(bench.answer(to: 1) == nil)
  }

  @Test func `a prompt that is never sent is refused`() {
    let bench = Bench.claude().started()
    bench.prompts("mine\n")
    bench.control(1, #"{"action":"prompt","text":"theirs"}"#)
    bench.ends(.exited(code: 1))
    #expect(bench.answer(to: 1) == "the agent has ended")
  }

  @Test(arguments: [#"{"action":"prompt"}"#, #"{"action":"prompt","text":""}"#, #"{"action":"prompt","text":7}"#])
  func `a prompt without a text is refused`(payload: String) {
    let bench = Bench.claude().started()
    bench.control(1, payload)
    #expect(bench.answer(to: 1) == "text must be a text that is not empty")
  }

  @Test func `prompts by control are bounded`() {
    let bench = Bench.claude().started()
    for seq in 1...70 { bench.control(seq, #"{"action":"prompt","text":"p"}"#) }
    #expect(bench.sentPrompts() == ["p"])
    #expect(bench.answer(to: 65) == "none")
    #expect(bench.answer(to: 66) == "64 prompts wait already")
  }

  @Test func `standard input is not read while many prompts wait`() {
    let bench = Bench.claude().started()
    #expect(bench.session.wantsPrompts)
    bench.prompts(String(repeating: "p\n", count: 17))
    #expect(!bench.session.wantsPrompts)
    bench.result()
    #expect(bench.session.wantsPrompts)
  }

  @Test func `prompts that can't be are left out with a warning`() {
    let bench = Bench.claude().started()
    _ = bench.take()
    bench.act { session, moment in
      [0x66, 0xFF, 0x0A].withUnsafeBytes { session.promptsRead($0, at: moment) }
    }
    bench.prompts(String(repeating: "x", count: (1 << 20) + 1) + "\n")
    #expect(
      bench.take() == [
        .warn("a prompt that is not UTF-8 is left out"), .warn("a prompt of more than 1 MiB is left out"),
      ])
  }

  @Test func `who stays waits for prompts by control after its own`() {
    let bench = Bench.claude { $0.stays = true }.started()
    bench.prompts("x\n")
    bench.act { $0.promptsRead(nil, at: $1) }
    bench.result()
    #expect(!bench.take().contains(.closeInput))
    bench.control(1, #"{"action":"prompt","text":"y"}"#)
    #expect(bench.sentPrompts() == ["y"])
    bench.act { $0.controlRead(nil, at: $1) }
    #expect(bench.take() == [])
    bench.result()
    #expect(bench.take() == [.closeInput])
  }

  @Test func `an agent that doesn't end after its last result is ended`() {
    let bench = Bench.claude().started()
    bench.act { $0.promptsRead(nil, at: $1) }
    _ = bench.take()
    bench.passed(10_000)
    #expect(bench.take().last == .signal(SIGTERM))
    bench.passed(5000)
    #expect(bench.take() == [.endTree(grace: 0)])
  }

  @Test func `after a signal no further prompt is sent`() {
    let bench = Bench.claude { $0.prompts = ["x", "y"] }.started()
    bench.act { $0.signalled(SIGINT, at: $1) }
    _ = bench.take()
    bench.result(isError: true)
    #expect(bench.take() == [.closeInput])
    bench.control(1, #"{"action":"prompt","text":"z"}"#)
    #expect(bench.answer(to: 1) == "the session is ending")
  }

  @Test func `in raw mode claude's turns are seen too`() {
    let bench = Bench.claude { $0.mode = .raw }.started()
    bench.output("{\"type\":\"system\",\"subtype\":\"init\"}\n")
    bench.result(isError: true)
    bench.output("{\"type\":\"system\",\"subtype\":\"init\"}\n")
    bench.ends(.exited(code: 0))
    #expect(bench.turns == ["started", "error", "started", "incomplete"])
    #expect(bench.states("exited").first?["outcome"] == "error")
  }
}
