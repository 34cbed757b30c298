import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

@Suite struct `Spawn session, how long is waited` {
  private func raw(_ change: (inout SpawnSettings) -> Void = { _ in }) -> Bench {
    let bench = Bench.claude {
      ($0.mode, $0.input) = (.raw, .null)
      change(&$0)
    }.started()
    bench.output(#"{"type":"system","subtype":"init","session_id":"s"}"# + "\n")
    _ = bench.take()
    return bench
  }

  @Test func `an agent that is silent after its result is ended, and its outcome kept`() {
    let bench = raw()
    bench.result()
    bench.now += 29_000
    bench.output("more\n")
    bench.passed(29_999)
    #expect(bench.take() == [])
    bench.passed(1)
    #expect(
      bench.take() == [
        .warn("the agent has been silent for 30 s after its result; it gets SIGTERM"), .signal(SIGTERM),
      ])
    bench.passed(5000)
    #expect(bench.take() == [.endTree(grace: 0)])
    bench.ends(.killed(signal: SIGKILL))
    #expect(bench.states("exited").first?["outcome"] == "ok")
    #expect(bench.states("exited").first?["signal"] == "KILL")
    #expect(bench.take().last == .finish(.exit(0)))
  }

  @Test func `an error is kept, too`() {
    let bench = raw { $0.limits.exit = 1000 }
    bench.result(isError: true)
    bench.passed(1000)
    bench.ends(.exited(code: 0))
    #expect(bench.states("exited").first?["outcome"] == "error")
    #expect(bench.take().last == .finish(.exit(1)))
  }

  @Test func `an agent that can still be told something is let be, and one in its next turn`() {
    #expect(raw { $0.input = .pass }.session.deadline == nil)
    let piped = raw { $0.input = .pass }
    piped.result()
    #expect(piped.session.deadline == nil)
    let busy = raw()
    busy.result()
    busy.output(#"{"type":"system","subtype":"init","session_id":"s"}"# + "\n")
    #expect(busy.session.deadline == nil)
  }

  @Test func `a process of one prompt is ended when it is silent, and the next prompt goes on`() {
    let bench = Bench.claude { ($0.promptsVia, $0.prompts) = (.args, ["one", "two"]) }
    bench.running()
    bench.output(#"{"type":"system","subtype":"init","session_id":"s"}"# + "\n")
    bench.result()
    bench.passed(30_000)
    bench.control(1, #"{"action":"prompt","text":"three"}"#)
    #expect(bench.answer(to: 1) == "none")
    bench.ends(.killed(signal: SIGTERM))
    #expect(bench.effects.count { $0 == .start } == 2)
    #expect(bench.states("exited").first?["outcome"] == "ok")
  }

  @Test func `an agent that is ended after its input has ended keeps its outcome`() {
    let bench = Bench.claude { $0.prompts = ["x"] }.started()
    bench.result()
    bench.endPrompts()
    bench.passed(10_000)
    bench.ends(.killed(signal: SIGTERM))
    #expect(bench.states("exited").first?["outcome"] == "ok")
    #expect(bench.take().last == .finish(.exit(0)))
  }

  @Test func `silence within a turn is an end`() {
    let bench = Bench.claude { ($0.prompts, $0.limits.idle) = (["x"], 5000) }.started()
    bench.took(1)
    bench.now += 4000
    bench.output("thinking\n", .stderr)
    bench.passed(4999)
    #expect(bench.states("error").isEmpty)
    _ = bench.take()
    bench.passed(1)
    #expect(
      bench.states("error") == [
        ["state": "error", "code": "idle_timeout", "message": "the agent has been silent for 5 s"]
      ])
    #expect(bench.failures == ["the agent has been silent for 5 s"])
    bench.passed(2000)
    #expect(bench.take().last == .signal(SIGTERM))
    bench.ends(.killed(signal: SIGTERM))
    #expect(bench.states("turn").last?["detail"] == "the agent has been silent for 5 s")
    #expect(bench.states("exited").first?["outcome"] == "incomplete")
    #expect(bench.take().last == .finish(.exit(124)))
  }

  @Test func `between turns silence is no end, nor while we don't read`() {
    let bench = Bench.claude { ($0.stays, $0.prompts, $0.limits.idle) = (true, ["x"], 5000) }.started()
    bench.act { $0.outputBecame(blocked: true, at: $1) }
    #expect(bench.session.deadline == nil)
    bench.passed(60_000)
    bench.act { $0.outputBecame(blocked: false, at: $1) }
    #expect(bench.session.deadline == bench.now + 5000)
    bench.result()
    #expect(bench.session.deadline == nil)
  }

  @Test func `in raw mode silence counts from the last output`() {
    let bench = Bench.raw { $0.limits.idle = 5000 }.started()
    bench.now += 4000
    bench.output("x\n")
    bench.passed(4999)
    #expect(bench.states("error").isEmpty)
    bench.passed(1)
    #expect(bench.take().contains(.signal(SIGTERM)))
    bench.ends(.exited(code: 0))
    #expect(bench.states("exited").first?["outcome"] == "incomplete")
    #expect(bench.take().last == .finish(.exit(124)))
  }

  @Test func `a run has its time`() {
    let bench = Bench.claude { ($0.prompts, $0.limits.duration) = (["x"], 60_000) }.started()
    for _ in 0..<60 {
      bench.output("busy\n")
      bench.passed(999)
    }
    #expect(bench.states("error").isEmpty)
    bench.passed(60)
    #expect(bench.states("error").first?["code"] == "max_duration")
    #expect(bench.failures == ["the agent has run for 60 s"])
    bench.ends(.exited(code: 0))
    #expect(bench.take().last == .finish(.exit(124)))
  }

  @Test func `a session has its time also between processes, and in the start of one`() {
    let between = Bench.claude { ($0.promptsVia, $0.limits.duration) = (.args, 1000) }
    between.passed(1000)
    #expect(between.take().last == .finish(.exit(124)))
    let starting = Bench.claude { ($0.mode, $0.limits.duration) = (.raw, 1000) }
    starting.passed(1000)
    starting.running()
    #expect(starting.effects.contains(.signal(SIGINT)))
  }

  @Test func `the agent's own status if so wished`() {
    let bench = Bench.raw { ($0.limits.duration, $0.tellsOutcome) = (1000, false) }.started()
    bench.passed(1000)
    bench.ends(.killed(signal: SIGTERM))
    #expect(bench.take().last == .finish(.exit(143)))
  }

  @Test func `an agent that never takes prompts is given up`() {
    let bench = Bench.claude { $0.prompts = ["x"] }
    bench.running()
    bench.passed(119_999)
    #expect(bench.states("error").isEmpty)
    bench.passed(1)
    #expect(bench.states("error").first?["code"] == "not_ready")
    bench.ends(.exited(code: 0))
    #expect(bench.take().last == .finish(.exit(124)))
  }
}
