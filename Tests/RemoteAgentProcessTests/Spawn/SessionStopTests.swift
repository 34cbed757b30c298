import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

@Suite struct `Spawn session, stop and interrupt` {
  private func isInterrupt(_ effect: SpawnEffect) -> Bool {
    guard case .input(let bytes) = effect, let json = try? JSON(parsing: bytes) else { return false }
    return json["request"]?["subtype"] == "interrupt"
  }

  private func busy(_ change: (inout SpawnSettings) -> Void = { _ in }) -> Bench {
    let bench = Bench.claude {
      $0.prompts = ["x"]
      change(&$0)
    }.started()
    bench.took(1)
    _ = bench.take()
    return bench
  }

  private func aborted(_ bench: Bench) {
    bench.output(
      #"{"type":"result","subtype":"error","is_error":true,"terminal_reason":"aborted_tools","result":"r"}"# + "\n")
  }

  @Test func `stop interrupts the turn, then ends the input, then SIGTERM, then the tree`() {
    let bench = busy()
    bench.control(1, #"{"action":"stop"}"#)
    #expect(bench.answer(to: 1) == nil)
    #expect(bench.effects.count == 1 && bench.effects.allSatisfy(isInterrupt))
    _ = bench.take()
    aborted(bench)
    #expect(bench.take() == [.closeInput])
    #expect(bench.states("turn").last?["outcome"] == "incomplete")
    #expect(bench.states("turn").last?["detail"] == "interrupted")
    bench.passed(1999)
    #expect(bench.take() == [])
    bench.passed(1)
    #expect(bench.take() == [.signal(SIGTERM)])
    bench.passed(2999)
    #expect(bench.take() == [])
    bench.passed(1)
    #expect(bench.take() == [.endTree(grace: 0)])
  }

  @Test func `a run whose last turn was interrupted on request is not done`() {
    let bench = busy()
    bench.control(1, #"{"action":"stop"}"#)
    aborted(bench)
    bench.ends(.exited(code: 0))
    #expect(bench.states("exited").first?["outcome"] == "incomplete")
    #expect(bench.failures == ["the agent's last turn was interrupted"])
    #expect(bench.take().last == .finish(.exit(1)))
  }

  @Test func `a turn that was interrupted on request, and followed by another, is no failure`() {
    let bench = busy()
    bench.control(1, #"{"action":"signal","name":"INT"}"#)
    aborted(bench)
    bench.control(2, #"{"action":"prompt","text":"x"}"#)
    bench.took(2)
    bench.result()
    bench.ends(.exited(code: 0))
    #expect(bench.states("exited").first?["outcome"] == "ok")
    #expect(bench.failures == [])
    #expect(bench.take().last == .finish(.exit(0)))
  }

  @Test func `a turn that was done before it was interrupted is what it is`() {
    let bench = busy()
    bench.control(1, #"{"action":"stop"}"#)
    bench.result()
    #expect(bench.turns == ["started", "ok"])
  }

  @Test func `an error that came before the interrupt is one`() {
    let bench = busy()
    bench.control(1, #"{"action":"signal","name":"INT"}"#)
    bench.output(
      #"{"type":"result","subtype":"success","is_error":true,"terminal_reason":"completed","result":"400"}"# + "\n")
    #expect(bench.states("turn").last?["outcome"] == "error")
    #expect(bench.states("turn").last?["detail"] == "400")
    bench.endPrompts()
    bench.ends(.exited(code: 0))
    #expect(bench.take().last == .finish(.exit(1)))
  }

  @Test func `half of a short grace is the agent's`() {
    let bench = busy()
    bench.control(1, #"{"action":"stop","graceMs":1000}"#)
    _ = bench.take()
    bench.passed(500)
    #expect(bench.take() == [.signal(SIGTERM)])
    bench.passed(500)
    #expect(bench.take() == [.endTree(grace: 0)])
  }

  @Test func `stop with no grace ends all at once`() {
    let bench = busy()
    bench.control(1, #"{"action":"stop","graceMs":0}"#)
    #expect(bench.take() == [.endTree(grace: 0)])
    bench.ends(.killed(signal: SIGKILL))
    #expect(bench.states("turn").last?["detail"] == "interrupted")
  }

  @Test func `stop between turns ends the input at once`() {
    let bench = Bench.claude { $0.stays = true }.started()
    _ = bench.take()
    bench.control(1, #"{"action":"stop"}"#)
    #expect(bench.take() == [.closeInput])
  }

  /// A session whose one turn, if it had any, is over.
  private func idle(after turn: String?) -> Bench {
    let bench = Bench.claude {
      $0.stays = true
      $0.prompts = turn == nil ? [] : ["x"]
    }.started()
    if let turn { bench.result(isError: turn == "error") }
    _ = bench.take()
    return bench
  }

  @Test(arguments: [("ok", "ok", Int32(0)), (nil, "ok", 0), ("error", "error", 143)])
  func `how an agent ends that is slow to end says nothing against what it has done`(
    turn: String?, outcome: String, status: Int32
  ) {
    for grace in [5000, 500] {
      let bench = idle(after: turn)
      bench.control(1, #"{"action":"stop","graceMs":\#(grace)}"#)
      bench.passed(grace == 500 ? 250 : 2000)
      #expect(bench.take() == [.closeInput, .signal(SIGTERM)])
      bench.ends(.exited(code: 143))
      #expect(bench.states("exited").first?["outcome"] == .string(outcome))
      #expect(bench.take().last == .finish(.exit(status)))
    }
  }

  @Test func `nor if it is killed, at once or in the end`() {
    for grace in [0, 1000] {
      let bench = idle(after: "ok")
      bench.control(1, #"{"action":"stop","graceMs":\#(grace)}"#)
      if grace > 0 {
        bench.passed(500)
        bench.passed(500)
      }
      #expect(bench.take().last == .endTree(grace: 0))
      bench.ends(.killed(signal: SIGKILL))
      #expect(bench.states("exited").first?["outcome"] == "ok")
      #expect(bench.take().last == .finish(.exit(0)))
    }
  }

  @Test func `a turn that is done while it is stopped is what it is, however the agent ends`() {
    for late in [false, true] {
      let bench = busy()
      bench.control(1, #"{"action":"stop"}"#)
      if !late { bench.result() }
      bench.passed(2000)
      #expect(bench.take().last == .signal(SIGTERM))
      if late { bench.result() }
      bench.ends(.exited(code: 143))
      #expect(bench.turns == ["started", "ok"])
      #expect(bench.states("exited").first?["outcome"] == "ok")
      #expect(bench.take().last == .finish(.exit(0)))
    }
  }

  @Test func `one that can't be ended is no success`() {
    let bench = idle(after: "ok")
    bench.control(1, #"{"action":"stop","graceMs":0}"#)
    bench.act { $0.treeEnded(survivors: 1, at: $1) }
    bench.passed(1000)
    #expect(bench.states("exited").first?["outcome"] == "error")
    #expect(bench.take().last == .finish(.exit(137)))
  }

  @Test func `stop before the agent is there lets it begin and end`() {
    let bench = Bench.claude { $0.prompts = ["x"] }
    bench.control(1, #"{"action":"stop"}"#)
    #expect(bench.take() == [.start, .warn("1 prompt was not sent: the agent is being stopped")])
    bench.running()
    #expect(bench.effects.contains(.closeInput))
    #expect(bench.sentPrompts() == [])
  }

  @Test func `what waits when it is stopped is refused`() {
    let bench = busy()
    bench.control(1, #"{"action":"prompt","text":"theirs"}"#)
    bench.prompts("mine\n")
    bench.control(2, #"{"action":"stop"}"#)
    #expect(bench.answer(to: 1) == "the agent is being stopped")
    #expect(bench.effects.contains(.warn("1 prompt was not sent: the agent is being stopped")))
    bench.control(3, #"{"action":"prompt","text":"late"}"#)
    #expect(bench.answer(to: 3) == "the session is ending")
  }

  @Test func `after a stop a hub may start it again`() {
    let bench = busy(Bench.mayBeStarted)
    bench.control(1, #"{"action":"stop"}"#)
    aborted(bench)
    bench.ends(.exited(code: 0))
    bench.control(2, #"{"action":"start","prompt":"again"}"#)
    _ = bench.started()
    #expect(bench.answer(to: 2) == nil)
    #expect(bench.sentPrompts() == ["again"])
  }

  @Test func `in raw mode a known agent gets SIGINT first`() {
    let bench = Bench.claude { $0.mode = .raw }.started()
    _ = bench.take()
    bench.control(1, #"{"action":"stop"}"#)
    #expect(bench.take() == [.signal(SIGINT)])
    bench.passed(2000)
    #expect(bench.take() == [.signal(SIGTERM)])
    bench.passed(3000)
    #expect(bench.take() == [.endTree(grace: 0)])
  }

  @Test func `INT by control interrupts the turn, and the next prompt goes on`() {
    let bench = busy()
    bench.control(1, #"{"action":"signal","name":"INT"}"#)
    #expect(bench.answer(to: 1) == nil)
    #expect(bench.effects.count == 1 && bench.effects.allSatisfy(isInterrupt))
    _ = bench.take()
    bench.control(2, #"{"action":"prompt","text":"y"}"#)
    aborted(bench)
    #expect(bench.turns == ["started", "incomplete", "started"])
    #expect(bench.sentPrompts() == ["y"])
    #expect(bench.session.deadline == nil)
  }

  @Test func `INT between turns is refused, and the next prompt goes on; other signals are the process's`() {
    let idle = Bench.claude {
      ($0.stays, $0.prompts) = (true, ["x"])
    }
    idle.running()
    _ = idle.take()
    // Its prompt waits for it to be ready.
    idle.control(1, #"{"action":"signal","name":"INT"}"#)
    #expect(idle.answer(to: 1) == "no turn is open")
    #expect(idle.take() == [])
    idle.output(#"{"type":"control_response","response":{"subtype":"success","request_id":"ra-initialize"}}"# + "\n")
    #expect(idle.sentPrompts() == ["x"])
    idle.result()
    idle.control(2, #"{"action":"signal","name":"INT"}"#)
    #expect(idle.answer(to: 2) == "no turn is open")
    idle.control(3, #"{"action":"prompt","text":"y"}"#)
    #expect(idle.sentPrompts() == ["y"])
    let bench = busy()
    bench.control(1, #"{"action":"signal","name":"TERM"}"#)
    #expect(bench.take() == [.signal(SIGTERM)])
  }

  @Test func `a signal to ra-spawn ends the input of an agent that waits for prompts, and then the agent`() {
    let bench = Bench.claude { $0.stays = true }.started()
    _ = bench.take()
    bench.act { $0.signalled(SIGTERM, at: $1) }
    #expect(bench.take() == [.signal(SIGTERM), .closeInput])
    bench.passed(9999)
    #expect(bench.take() == [])
    bench.passed(1)
    #expect(bench.take() == [.warn("the agent doesn't end although its input has; it gets SIGTERM"), .signal(SIGTERM)])
    bench.passed(5000)
    #expect(bench.take() == [.endTree(grace: 0)])
  }

  @Test func `a signal to ra-spawn in a turn ends the input after it, and the agent in time`() {
    let bench = busy { $0.limits.exit = 3000 }
    bench.act { $0.signalled(SIGHUP, at: $1) }
    #expect(bench.take() == [.signal(SIGHUP)])
    bench.now += 1000
    bench.result()
    #expect(bench.take() == [.closeInput])
    bench.passed(1999)
    #expect(bench.take() == [])
    bench.passed(1)
    #expect(
      bench.take() == [.warn("the agent doesn't end although it got SIGHUP; it gets SIGTERM"), .signal(SIGTERM)])
    bench.passed(5000)
    #expect(bench.take() == [.endTree(grace: 0)])
  }

  @Test func `a turn that a signal to ra-spawn ended is no success`() {
    let bench = busy()
    bench.act { $0.signalled(SIGINT, at: $1) }
    #expect(bench.take() == [.signal(SIGINT)])
    bench.result(isError: true)
    bench.ends(.exited(code: 0))
    #expect(bench.turns == ["started", "incomplete"])
    #expect(bench.failures == ["the agent's last turn gave no result: interrupted"])
    #expect(bench.take().last == .finish(.exit(1)))
  }
}
