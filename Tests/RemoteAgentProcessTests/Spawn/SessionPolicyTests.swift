import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

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
      ($0.policy.agents, $0.policy.arguments) = (["claude"], true)
    }.started()
    bench.ends(.exited(code: 0))
    bench.control(1, #"{"action":"start","args":["--model","x"]}"#)
    #expect(bench.session.settings.mode == .session)
    #expect(bench.session.launch.arguments.suffix(4) == ["--permission-prompt-tool", "stdio", "--model", "x"])
  }

  @Test func `prompts that are typed wait for an agent that takes prompts`() {
    let bench = Bench.claude {
      $0.stays = true
      ($0.policy.agents) = ["make", "claude"]
    }.started()
    bench.ends(.exited(code: 0))
    bench.control(1, #"{"action":"start","agent":"make"}"#)
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
