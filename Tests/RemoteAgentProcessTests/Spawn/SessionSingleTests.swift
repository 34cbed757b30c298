import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

@Suite struct `Spawn session, a process a prompt` {
  private func bench(_ agent: String = "claude", _ change: (inout SpawnSettings) -> Void = { _ in }) -> Bench {
    var settings = SpawnSettings(
      agent: agent, profile: AgentProfiles.builtIn[agent: agent], mode: .session, folder: "/tmp")
    (settings.promptsVia, settings.hasControl) = (.args, true)
    change(&settings)
    return Bench(settings)
  }

  /// The process of claude tells its session and its result, and ends.
  private func runs(_ bench: Bench, session: String? = "S1", isError: Bool = false) {
    bench.running()
    if let session {
      bench.output(#"{"type":"system","subtype":"init","session_id":"\#(session)"}"# + "\n")
      bench.result(isError: isError)
    }
    bench.ends(.exited(code: session == nil ? 1 : 0))
  }

  private func starts(_ bench: Bench) -> Int { bench.effects.count { $0 == .start } }

  @Test func `each prompt has a process, the second continues the first`() {
    let bench = bench { $0.prompts = ["one"] }
    bench.prompts("two\n")
    #expect(bench.take() == [.start])
    #expect(bench.session.launch.arguments.suffix(3) == ["--verbose", "--", "one"])
    #expect(bench.session.launch.input == .null)
    runs(bench)
    #expect(starts(bench) == 1)
    #expect(bench.session.launch.arguments.suffix(4) == ["--resume", "S1", "--", "two"])
    runs(bench, session: "S2")
    bench.prompts("three\n")
    #expect(bench.session.launch.arguments.suffix(4) == ["--resume", "S2", "--", "three"])
    runs(bench)
    _ = bench.take()
    bench.endPrompts()
    #expect(bench.take() == [.finish(.exit(0))])
    #expect(
      bench.statuses.compactMap { $0["state"]?.string }
        == Array(repeating: ["starting", "running", "turn", "turn", "exited"], count: 3).flatMap { $0 })
    #expect(bench.turns == ["started", "ok", "started", "ok", "started", "ok"])
    #expect(bench.states("turn").compactMap { $0["turn"]?.integer } == [1, 1, 2, 2, 3, 3])
  }

  @Test func `codex reads its prompt from standard input`() {
    let bench = bench("codex") { ($0.prompts, $0.arguments) = (["two\nlines", "next"], ["-m", "x"]) }
    #expect(bench.session.launch.arguments == ["exec", "--json", "--skip-git-repo-check", "-m", "x", "-"])
    #expect(bench.session.launch.input == .pipe)
    bench.running()
    #expect(bench.take() == [.start, .input(Array("two\nlines".utf8)), .closeInput])
    bench.output(#"{"type":"thread.started","thread_id":"T"}"# + "\n" + #"{"type":"turn.started"}"# + "\n")
    bench.output(#"{"type":"turn.completed"}"# + "\n")
    bench.ends(.exited(code: 0))
    #expect(
      bench.session.launch.arguments == [
        "exec", "resume", "--json", "-m", "x", "--skip-git-repo-check", "T", "-",
      ])
  }

  @Test func `gemini's options stand before its prompt's`() {
    let bench = bench("gemini") { ($0.prompts, $0.arguments) = (["p"], ["-m", "x"]) }
    #expect(bench.session.launch.arguments == ["--output-format", "stream-json", "-m", "x", "-p", "p"])
    bench.running()
    bench.output(#"{"type":"init","session_id":"G"}"# + "\n" + #"{"type":"result","status":"success"}"# + "\n")
    bench.ends(.exited(code: 0))
    bench.prompts("q\n")
    #expect(
      bench.session.launch.arguments
        == ["--output-format", "stream-json", "-m", "x", "--resume", "G", "-p", "q"])
  }

  @Test func `prompts are shown to who reads along, where the agent doesn't`() {
    let bench = bench { $0.prompts = ["one"] }
    runs(bench)
    bench.control(1, #"{"action":"prompt","text":"two"}"#)
    runs(bench)
    #expect(bench.echo == "> one\nwhy\n[done]\n> two (from the hub)\nwhy\n[done]\n")
  }

  @Test func `only whole words stand for something`() {
    var profile = AgentProfile(name: "own", program: "own")
    profile.single = .init(dialect: .claude, first: ["a{prompt}", "{prompt}", "{session}", "z"], next: [])
    let bench = bench { ($0.profile, $0.prompts, $0.arguments) = (profile, ["{session}"], ["g"]) }
    #expect(bench.session.launch.arguments == ["a{prompt}", "{session}", "{session}", "z", "g"])
  }

  @Test(arguments: [
    ("claude", String(repeating: "x", count: 131_072), "the prompt is longer than an argument may be"),
    ("claude", "a\0b", "the prompt has a NUL, which no argument may have"),
    ("gemini", "--yolo", "the prompt begins with -, and this agent would take it for an option"),
    ("claude", "--yolo", nil), ("claude", String(repeating: "x", count: 131_071), nil),
    ("codex", String(repeating: "x", count: 131_072), nil),
  ])
  func `a prompt that can't be an argument is refused`(agent: String, prompt: String, reason: String?) {
    let bench = bench(agent)
    bench.control(1, JSON.object([.init("action", "prompt"), .init("text", .string(prompt))]).text)
    #expect(bench.answer(to: 1) == (reason ?? "none"))
    #expect(starts(bench) == (reason == nil ? 1 : 0))
  }

  @Test func `the prompt of a start that can't be one is the start's refusal`() {
    let bench = bench("gemini", Bench.mayBeStarted)
    bench.control(1, #"{"action":"stop"}"#)
    _ = bench.take()
    bench.control(2, #"{"action":"start","prompt":"- fix the list"}"#)
    #expect(bench.answer(to: 2) == "the prompt begins with -, and this agent would take it for an option")
    bench.control(3, #"{"action":"start","prompt":"a\u0000b"}"#)
    #expect(bench.answer(to: 3) == "the prompt has a NUL, which no argument may have")
    #expect(bench.take() == [] && bench.states("error") == [])
    bench.control(4, #"{"action":"start","prompt":"fix the list"}"#)
    bench.running()
    #expect(bench.answer(to: 4) == nil)
    #expect(bench.session.launch.arguments.suffix(2) == ["-p", "fix the list"])
  }

  @Test func `what a process can have is known before there is one`() throws {
    let gemini = try #require(AgentProfiles.builtIn[agent: "gemini"]?.single)
    let claude = try #require(AgentProfiles.builtIn[agent: "claude"]?.single)
    #expect(AgentArguments.refusal(of: "-", in: gemini)?.hasPrefix("the prompt begins with -") == true)
    #expect(AgentArguments.refusal(of: "-", in: claude) == nil)
    #expect(AgentArguments.refusal(of: "go on", in: claude, session: "S") == nil)
    #expect(
      AgentArguments.refusal(of: "go on", in: claude, session: "--s")
        == "the name of the agent's session begins with -, and this agent would take it for an option")
  }

  @Test func `a prompt of a start that is lost later is told to the hub`() {
    let bench = bench("claude", Bench.mayBeStarted)
    bench.control(1, #"{"action":"stop"}"#)
    // What is typed meanwhile goes first.
    bench.prompts("typed\n")
    bench.control(2, #"{"action":"start","prompt":"theirs"}"#)
    bench.running()
    #expect(bench.answer(to: 2) == nil)
    bench.result()
    bench.ends(.exited(code: 0))
    #expect(
      bench.states("error") == [
        [
          "state": "error", "code": "prompt_lost",
          "message": "a prompt did not reach the agent: the agent told no session that could be continued",
        ]
      ])
    #expect(bench.states("exited").map { $0["outcome"] } == ["incomplete"])
  }

  @Test(arguments: ["a\0b", nil])
  func `what is lost is told before the end of the process, and is part of what the run came to`(next: String?) {
    let bench = bench { $0.prompts = ["one"] + (next.map { [$0] } ?? []) }
    if next == nil {
      bench.prompts("two\n")
      bench.running()
      bench.result()
      // Without a session there is nothing to go on with.
      bench.ends(.exited(code: 0))
    } else {
      runs(bench)
    }
    #expect(bench.states("exited").map { $0["outcome"] } == ["incomplete"])
    #expect(bench.statuses.suffix(2).map { $0["state"] } == ["error", "exited"])
    bench.endPrompts()
    #expect(bench.take().last == .finish(.exit(1)))
  }

  @Test func `INT between a result and the end of its process is refused, and no failure`() {
    let bench = bench { $0.prompts = ["one"] }
    bench.running()
    bench.output(#"{"type":"system","subtype":"init","session_id":"S"}"# + "\n")
    bench.result()
    _ = bench.take()
    bench.control(1, #"{"action":"signal","name":"INT"}"#)
    #expect(bench.answer(to: 1) == "no turn is open")
    #expect(bench.take() == [])
    bench.control(2, #"{"action":"signal","name":"TERM"}"#)
    #expect(bench.take() == [.signal(SIGTERM)])
  }

  @Test func `after one that can't be ended none is started`() {
    let bench = bench { ($0.prompts, $0.limits.exit) = (["one", "two"], 1000) }
    bench.running()
    bench.output(#"{"type":"system","subtype":"init","session_id":"S"}"# + "\n")
    bench.result()
    bench.passed(1000)
    bench.passed(5000)
    bench.act { $0.treeEnded(survivors: 1, at: $1) }
    bench.passed(1000)
    #expect(starts(bench) == 1)
    #expect(bench.states("error").map { $0["code"] } == ["not_ended", "prompt_lost"])
    #expect(bench.states("exited").first?["outcome"] == "error")
    #expect(bench.take().last == .finish(.exit(137)))
  }

  @Test func `an own prompt that can't be an argument is told, and no success`() {
    let bench = bench { $0.prompts = ["a\0b"] }
    #expect(bench.states("error").map { $0["code"] } == ["prompt_lost"])
    #expect(
      bench.take() == [.warn("a prompt did not reach the agent: the prompt has a NUL, which no argument may have")])
    bench.endPrompts()
    #expect(bench.take() == [.finish(.exit(1))])
  }

  @Test func `without a session to go on with the next prompt is refused`() {
    let bench = bench { $0.prompts = ["one"] }
    bench.running()
    bench.control(1, #"{"action":"prompt","text":"two"}"#)
    bench.result()
    bench.ends(.exited(code: 1))
    #expect(bench.answer(to: 1) == "the agent told no session that could be continued")
    #expect(starts(bench) == 1)
    bench.prompts("three\n")
    #expect(
      bench.effects.last
        == .warn("a prompt did not reach the agent: the agent told no session that could be continued"))
    bench.endPrompts()
    #expect(bench.take().last == .finish(.exit(1)))
  }

  @Test func `stopped between its result and its end, it is let end, and what it came to stays`() {
    let bench = bench { $0.prompts = ["one"] }
    bench.running()
    bench.result()
    _ = bench.take()
    bench.control(1, #"{"action":"stop"}"#)
    #expect(bench.take() == [])
    bench.passed(2000)
    #expect(bench.take() == [.signal(SIGTERM)])
    bench.ends(.killed(signal: SIGTERM))
    #expect(bench.states("exited").last?["outcome"] == "ok")
    #expect(bench.take().last == .finish(.exit(0)))
  }

  @Test func `a process that ended before it had its prompt leaves nothing to go on with: the next begins`() {
    let bench = bench { $0.prompts = ["one"] }
    bench.running()
    bench.control(1, #"{"action":"prompt","text":"two"}"#)
    bench.ends(.exited(code: 1))
    #expect(starts(bench) == 2)
    #expect(!bench.session.launch.arguments.contains("--resume"))
    runs(bench)
    #expect(bench.answer(to: 1) == nil)
  }

  @Test func `a prompt by control is applied when the agent has it, in the middle of another's process waits`() {
    let bench = bench()
    bench.control(1, #"{"action":"prompt","text":"one"}"#)
    bench.control(2, #"{"action":"prompt","text":"two"}"#)
    bench.running()
    #expect(bench.answer(to: 1) == "none")
    bench.output(#"{"type":"system","subtype":"init","session_id":"S"}"# + "\n")
    #expect(bench.answer(to: 1) == nil)
    bench.result()
    #expect(starts(bench) == 1)
    bench.act { $0.agentExited(.exited(code: 0), at: $1) }
    bench.control(3, #"{"action":"prompt","text":"three"}"#)
    bench.ends(.exited(code: 0))
    #expect(starts(bench) == 2)
    #expect(bench.answer(to: 2) == "none")
    #expect(bench.answer(to: 3) == "none")
  }

  @Test func `a prompt whose process can't be started is refused`() {
    let bench = bench()
    bench.control(1, #"{"action":"prompt","text":"one"}"#)
    bench.act { $0.agentNotStarted(StartFailure(.notFound, "why not"), at: $1) }
    #expect(bench.answer(to: 1) == "the agent could not be started")
    #expect(bench.take().last == .finish(.exit(127)))
  }

  @Test func `an error in one turn is no end, but no success`() {
    let bench = bench { $0.prompts = ["one", "two"] }
    runs(bench, isError: true)
    #expect(starts(bench) == 2)
    runs(bench)
    bench.endPrompts()
    #expect(bench.states("exited").map { $0["outcome"] } == ["error", "error"])
    #expect(bench.failures == ["the agent's turn 1 was an error: why"])
    #expect(bench.take().last == .finish(.exit(1)))
  }

  @Test func `an exit status that has a meaning is the reason`() {
    let bench = bench("gemini") { $0.prompts = ["p"] }
    bench.running()
    bench.ends(.exited(code: 53))
    #expect(bench.states("turn").last?["outcome"] == "error")
    #expect(bench.states("turn").last?["detail"] == "gemini reached its limit of turns (exit status 53)")
  }

  @Test func `stop interrupts by SIGINT, and no further prompt is run`() {
    let bench = bench { $0.prompts = ["one", "two"] }
    bench.running()
    _ = bench.take()
    bench.control(1, #"{"action":"stop"}"#)
    #expect(bench.answer(to: 1) == nil)
    #expect(bench.take() == [.warn("1 prompt was not sent: the agent is being stopped"), .signal(SIGINT)])
    bench.passed(2000)
    #expect(bench.take() == [.signal(SIGTERM)])
    bench.ends(.killed(signal: SIGTERM))
    #expect(bench.turns == ["started", "incomplete"])
    #expect(bench.take().last == .finish(.exit(143)))
  }

  @Test func `stop between prompts ends the session, and a hub may start another`() {
    let bench = bench {
      Bench.mayBeStarted(&$0)
      $0.prompts = ["one"]
    }
    runs(bench)
    bench.endPrompts()
    _ = bench.take()
    #expect(bench.session.deadline == nil)
    bench.control(1, #"{"action":"start"}"#)
    #expect(bench.answer(to: 1) == "already running")
    bench.control(2, #"{"action":"stop"}"#)
    #expect(bench.answer(to: 2) == nil)
    bench.control(3, #"{"action":"prompt","text":"x"}"#)
    #expect(bench.answer(to: 3) == "no agent is running")
    bench.control(4, #"{"action":"start"}"#)
    #expect(bench.answer(to: 4) == nil)
    #expect(bench.take() == [])
    bench.control(5, #"{"action":"prompt","text":"anew"}"#)
    #expect(bench.take() == [.start])
    #expect(bench.session.launch.arguments.suffix(2) == ["--", "anew"])
  }

  @Test func `who stays ends with control, or by a signal`() {
    for isSignal in [true, false] {
      let bench = bench { ($0.prompts, $0.stays) = (["one"], true) }
      runs(bench)
      bench.endPrompts()
      #expect(bench.take().last == .closeStreams)
      bench.act { if isSignal { $0.signalled(SIGTERM, at: $1) } else { $0.controlRead(nil, at: $1) } }
      #expect(bench.take().last == .finish(.exit(0)))
    }
  }

  @Test(arguments: [true, false])
  func `what is stopped before its process is there is interrupted`(byControl: Bool) {
    let bench = bench { $0.prompts = ["one"] }
    if byControl {
      bench.control(1, #"{"action":"stop"}"#)
    } else {
      bench.act { $0.signalled(SIGINT, at: $1) }
    }
    bench.running()
    #expect(bench.take() == [.start, .signal(SIGINT)])
    bench.ends(.exited(code: 130))
    #expect(bench.states("turn").last?["detail"] == "interrupted")
    #expect(bench.states("exited").last?["outcome"] == (byControl ? "incomplete" : "error"))
    #expect(bench.take().last == .finish(.exit(130)))
  }

  @Test func `after a signal no further process is started`() {
    let bench = bench { $0.prompts = ["one", "two"] }
    bench.running()
    bench.act { $0.signalled(SIGTERM, at: $1) }
    bench.ends(.killed(signal: SIGTERM))
    #expect(starts(bench) == 1)
    #expect(bench.effects.contains(.warn("1 prompt was not sent: the session is ending")))
    #expect(bench.take().last == .finish(.exit(143)))
  }
}
