import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

@Suite struct `Spawn session, raw` {
  @Test func `a run is told from its start to its end`() {
    let bench = Bench.raw()
    #expect(bench.take() == [.start])
    _ = bench.started()
    #expect(bench.take() == [])
    bench.output("a\nb\n")
    bench.output("e\n", .stderr)
    bench.now += 250
    bench.ends(.exited(code: 7))
    #expect(bench.statuses.compactMap { $0["state"]?.string } == ["starting", "running", "exited"])
    #expect(bench.statuses[0]["argv"] == ["/bin/sh", "-c", "x"])
    #expect(bench.statuses[0]["agent"] == "sh")
    #expect(bench.statuses[1]["pid"] == 42)
    #expect(bench.statuses[2] == ["state": "exited", "code": 7, "durationMs": 250, "outcome": "error"])
    #expect(bench.lines == 3)
    #expect(bench.take() == [.endTree(grace: 500), .closeStreams, .finish(.exit(7))])
  }

  @Test func `a death by a signal is named, and 128 more`() {
    let bench = Bench.raw().started()
    _ = bench.take()
    bench.ends(.killed(signal: SIGTERM))
    #expect(bench.states("exited").first?["signal"] == "TERM")
    #expect(bench.take().last == .finish(.exit(143)))
  }

  @Test(arguments: [
    (StartFailure.Cause.notFound, Int32(127), "not_found"), (.notExecutable, 126, "not_executable"),
    (.noFolder, 66, "no_folder"), (.system, 74, "not_started"),
  ])
  func `what can't be started is an error, told twice`(cause: StartFailure.Cause, status: Int32, code: String) {
    let bench = Bench.raw()
    _ = bench.take()
    bench.act { $0.agentNotStarted(StartFailure(cause, "why not"), at: $1) }
    #expect(bench.states("error") == [["state": "error", "code": .string(code), "message": "why not"]])
    #expect(bench.take() == [.fail("why not", hint: nil), .finish(.exit(status))])
  }

  @Test func `what is left behind has a second, then is ended, and its last words are kept`() {
    let bench = Bench.raw().started()
    _ = bench.take()
    bench.act { $0.agentExited(.exited(code: 0), at: $1) }
    bench.passed(999)
    #expect(bench.take() == [])
    bench.passed(1)
    #expect(bench.take() == [.endTree(grace: 500)])
    bench.act(after: 100) { $0.treeEnded(survivors: 0, at: $1) }
    bench.output("last words\n")
    #expect(bench.states("exited").isEmpty)
    bench.act { session, moment in
      session.outputRead(nil, stream: .stdout, at: moment)
      session.outputRead(nil, stream: .stderr, at: moment)
    }
    #expect(bench.lines == 1)
    #expect(bench.take().last == .finish(.exit(0)))
  }

  @Test func `who holds the output open from out of reach is given up`() {
    let bench = Bench.raw().started()
    bench.act { $0.agentExited(.exited(code: 3), at: $1) }
    bench.act { $0.treeEnded(survivors: 2, at: $1) }
    #expect(bench.take().contains(.warn("2 processes of the agent could not be ended")))
    for _ in 0..<40 {
      bench.now += 900
      bench.output(String(repeating: "x", count: 60_000) + "\n")
    }
    bench.passed(900)
    #expect(bench.take().last == .finish(.exit(3)))
  }

  @Test func `time to drain counts only while our output flows`() {
    let bench = Bench.raw().started()
    bench.act { $0.agentExited(.exited(code: 0), at: $1) }
    bench.act { $0.outputBecame(blocked: true, at: $1) }
    _ = bench.take()
    #expect(bench.session.deadline == nil)
    bench.passed(60_000)
    #expect(bench.take() == [])
    bench.act { $0.outputBecame(blocked: false, at: $1) }
    bench.passed(999)
    #expect(bench.take() == [])
    bench.passed(1)
    #expect(bench.take() == [.endTree(grace: 500)])
  }

  @Test func `a first signal is the agent's own, a second kills`() {
    let bench = Bench.raw().started()
    _ = bench.take()
    bench.act { $0.signalled(SIGINT, at: $1) }
    #expect(bench.take() == [.signal(SIGINT)])
    bench.act(after: 199) { $0.signalled(SIGINT, at: $1) }
    #expect(bench.take() == [])
    bench.act(after: 1) { $0.signalled(SIGTERM, at: $1) }
    #expect(bench.take() == [.endTree(grace: 0), .abandonOutput])
  }

  @Test func `a signal before the agent is there waits for it`() {
    let bench = Bench.raw()
    bench.act { $0.signalled(SIGTERM, at: $1) }
    #expect(bench.take() == [.start])
    _ = bench.started()
    #expect(bench.take() == [.signal(SIGTERM)])
  }

  @Test func `a broken output stops the agent, and ra-spawn dies of it`() {
    let bench = Bench.raw().started()
    _ = bench.take()
    bench.act { $0.outputBroke(at: $1) }
    #expect(bench.take() == [.signal(SIGTERM)])
    bench.passed(5000)
    #expect(bench.take() == [.endTree(grace: 0)])
    bench.ends(.killed(signal: SIGKILL))
    #expect(bench.take().last == .finish(.brokenPipe))
  }

  @Test func `a broken output changes nothing if so wished`() {
    let bench = Bench.raw { $0.continuesWhenBroken = true }.started()
    _ = bench.take()
    bench.act { $0.outputBroke(at: $1) }
    #expect(bench.take() == [])
  }

  @Test func `a guard that was killed is an error, and all is over`() {
    let bench = Bench.raw().started()
    _ = bench.take()
    bench.act { session, moment in
      session.outputRead(nil, stream: .stdout, at: moment)
      session.outputRead(nil, stream: .stderr, at: moment)
      session.guardLost(nil, survivors: 0, at: moment)
    }
    #expect(bench.states("error").first?["code"] == "guard_lost")
    #expect(bench.take().last == .finish(.exit(137)))
  }
}

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
    (#"{"action":"approve","requestId":"r","decision":"allow"}"#, "no agent takes this yet"),
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

@Suite struct `Spawn session, what a hub may do` {
  @Test(arguments: [
    (ControlSignal.hup, SIGHUP), (.int, SIGINT), (.quit, SIGQUIT), (.kill, SIGKILL), (.usr1, SIGUSR1), (.usr2, SIGUSR2),
    (.alrm, SIGALRM), (.term, SIGTERM), (.cont, SIGCONT), (.stop, SIGSTOP), (.tstp, SIGTSTP), (.winch, SIGWINCH),
  ])
  func `a signal that is allowed is sent, and ends nothing by itself`(signal: ControlSignal, number: Int32) {
    #expect(Signals.name(number) == signal.rawValue)
    let bench = Bench.raw { $0.policy.signals = [signal] }.started()
    _ = bench.take()
    bench.control(1, #"{"action":"signal","name":"\#(signal.rawValue)"}"#)
    #expect(bench.take() == [.signal(number)])
    #expect(bench.answer(to: 1) == nil)
    #expect(bench.session.deadline == nil)
    bench.ends(.exited(code: 0))
    bench.control(2, #"{"action":"signal","name":"\#(signal.rawValue)"}"#)
    #expect(bench.answer(to: 2) == "no agent is running")
  }

  @Test func `a signal before the agent is there is refused`() {
    let bench = Bench.raw()
    bench.control(1, #"{"action":"signal","name":"INT"}"#)
    #expect(bench.answer(to: 1) == "no agent is running")
  }

  @Test func `another agent, other arguments and another folder, and then the owner's again`() {
    let bench = Bench.raw {
      Bench.mayBeStarted(&$0)
      ($0.policy.agents, $0.policy.folders, $0.policy.arguments) = (["codex", "claude"], ["/work"], true)
    }.started()
    bench.ends(.exited(code: 0))
    _ = bench.take()
    bench.control(1, #"{"action":"start","agent":"codex","args":["exec","x"],"cwd":"/tmp/link"}"#)
    #expect(bench.take() == [.start])
    #expect(bench.session.settings.agent == "codex")
    #expect(bench.session.settings.arguments == ["exec", "x"])
    #expect(bench.session.settings.folder == "/work/a")
    let starting = bench.states("starting").last
    #expect(starting?["argv"] == ["codex", "exec", "x"])
    #expect(starting?["cwd"] == "/work/a")
    #expect(starting?["mode"] == "raw")
    _ = bench.started()
    bench.ends(.exited(code: 0))
    _ = bench.take()
    bench.control(2, #"{"action":"start","agent":"claude","cwd":"/work","prompt":"hi"}"#)
    _ = bench.started()
    #expect(bench.states("starting").last?["mode"] == "session")
    #expect(bench.sentPrompts() == ["hi"])
    bench.result()
    bench.ends(.exited(code: 0))
    bench.control(3, #"{"action":"start"}"#)
    #expect(bench.states("starting").last == bench.states("starting").first)
  }

  @Test func `an agent of a session keeps its mode with arguments that are added`() {
    let bench = Bench.claude {
      $0.stays = true
      $0.arguments = $0.profile?.sessionArguments ?? []
      ($0.policy.agents, $0.policy.arguments) = (["claude"], true)
    }.started()
    bench.ends(.exited(code: 0))
    bench.control(1, #"{"action":"start","args":["--model","x"]}"#)
    #expect(bench.session.settings.mode == .session)
    #expect(bench.session.settings.arguments.suffix(3) == ["--replay-user-messages", "--model", "x"])
  }

  @Test func `prompts that are typed wait for an agent that takes prompts`() {
    let bench = Bench.claude {
      $0.stays = true
      ($0.policy.agents) = ["codex", "claude"]
    }.started()
    bench.ends(.exited(code: 0))
    bench.control(1, #"{"action":"start","agent":"codex"}"#)
    _ = bench.started()
    #expect(!bench.session.wantsPrompts)
    bench.ends(.exited(code: 0))
    bench.control(2, #"{"action":"start"}"#)
    #expect(bench.session.wantsPrompts)
  }

  @Test func `who stays for a hub that may not start it ends with its agent`() {
    let bench = Bench.claude { $0.stays = true }.started()
    bench.endPrompts()
    #expect(!bench.take().contains(.closeInput))
    bench.ends(.exited(code: 3))
    #expect(bench.take().last == .finish(.exit(3)))
  }

  @Test func `who stays for a hub that may not prompt ends after its own prompts`() {
    let bench = Bench.claude {
      Bench.mayBeStarted(&$0)
      $0.policy.prompts = false
    }.started()
    bench.control(1, #"{"action":"prompt","text":"x"}"#)
    #expect(bench.answer(to: 1) == "prompts are not allowed here (allow: prompts)")
    bench.endPrompts()
    #expect(bench.take().last == .closeInput)
  }

  @Test func `an envelope of 1 MiB is answered`() {
    let bench = Bench.raw().started()
    _ = bench.take()
    let rest = #"{"type":"control","seq":1,"payload":{"action":"prompt","text":""}}"#
    let text = String(repeating: "x", count: (1 << 20) - rest.utf8.count)
    bench.control(1, #"{"action":"prompt","text":"\#(text)"}"#)
    #expect(bench.answer(to: 1) == "prompts need session mode")
    #expect(bench.take() == [])
  }
}

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
    #expect(bench.states("exited").first?["outcome"] == "ok")
  }

  @Test func `a missing result is incomplete`() {
    let bench = Bench.claude { $0.prompts = ["x", "y"] }.started()
    _ = bench.take()
    bench.ends(.exited(code: 0))
    #expect(bench.turns == ["started", "incomplete"])
    #expect(bench.states("exited").first?["outcome"] == "incomplete")
    #expect(bench.take().contains(.warn("1 prompt was not sent: the agent has ended")))
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

  @Test func `a prompt by control is answered when it is sent`() {
    let bench = Bench.claude().started()
    bench.prompts("mine\n")
    bench.control(1, #"{"action":"prompt","text":"theirs"}"#)
    #expect(bench.answer(to: 1) == "none")
    #expect(bench.sentPrompts() == ["mine"])
    bench.result()
    #expect(bench.answer(to: 1) == nil)
    #expect(bench.sentPrompts() == ["theirs"])
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
    #expect(bench.answer(to: 1) == nil)
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
    #expect(bench.states("exited").first?["outcome"] == "incomplete")
  }
}
