import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// An agent that is talked to, closes its standard output, and lives on.
@Suite struct `Spawn session, the end of the agent's output` {
  private func outputEnds(_ bench: Bench) { bench.act { $0.outputRead(nil, stream: .stdout, at: $1) } }

  /// The rest of an end, after that of the output.
  private func ends(_ bench: Bench, _ status: WaitStatus) {
    bench.act { session, moment in
      session.outputRead(nil, stream: .stderr, at: moment)
      session.agentExited(status, at: moment)
      session.treeEnded(survivors: 0, at: moment)
    }
  }

  private func ask(_ id: String, on bench: Bench) {
    bench.output(
      #"{"type":"control_request","request_id":"\#(id)","request":{"subtype":"can_use_tool","tool_name":"Bash","#
        + #""input":{}}}"# + "\n")
  }

  private static let warning = SpawnEffect.warn(
    "the agent doesn't end although it has closed its output; it gets SIGTERM")

  @Test func `in a turn it is given time to end, and is no endless turn`() {
    let bench = Bench.claude { $0.prompts = ["x", "y"] }.started()
    bench.took(1)
    ask("q1", on: bench)
    bench.control(1, #"{"action":"prompt","text":"z"}"#)
    _ = bench.take()
    outputEnds(bench)
    #expect(bench.take() == [.closeInput])
    #expect(bench.states("approval").last?["decision"] == "withdrawn")
    bench.control(2, #"{"action":"approve","requestId":"q1","decision":"allow"}"#)
    #expect(bench.answer(to: 2) == "no such question is open")
    bench.control(3, #"{"action":"prompt","text":"late"}"#)
    #expect(bench.answer(to: 3) == "the session is ending")
    bench.passed(9999)
    #expect(bench.take() == [] && bench.turns == ["started"])
    bench.passed(1)
    #expect(
      bench.take() == [
        `Spawn session, the end of the agent's output`.warning,
        .warn("1 prompt was not sent: the agent has closed its output"), .signal(SIGTERM),
      ])
    #expect(bench.states("turn").last?["outcome"] == "incomplete")
    #expect(bench.states("turn").last?["detail"] == "the agent has closed its output")
    #expect(bench.answer(to: 1) == "the agent has closed its output")
    bench.passed(5000)
    #expect(bench.take() == [.endTree(grace: 0)])
    ends(bench, .killed(signal: SIGKILL))
    #expect(bench.states("exited").last?["outcome"] == "error")
    #expect(bench.take().last == .finish(.exit(137)))
  }

  @Test func `an agent that ends by itself does it as ever`() {
    let bench = Bench.claude { $0.prompts = ["x", "y"] }.started()
    bench.took(1)
    outputEnds(bench)
    bench.now += 50
    ends(bench, .exited(code: 3))
    #expect(bench.states("turn").last?["detail"] == "the agent ended without a result")
    #expect(bench.effects.contains(.warn("1 prompt was not sent: the agent has ended")))
    #expect(bench.take().last == .finish(.exit(3)))
  }

  @Test func `one that is not ready yet gets no prompt, and the owner's time`() {
    let bench = Bench.claude {
      $0.prompts = ["x"]
      $0.limits.exit = 3000
    }
    bench.running()
    _ = bench.take()
    outputEnds(bench)
    bench.passed(3000)
    #expect(bench.take().contains(.signal(SIGTERM)))
    ends(bench, .killed(signal: SIGTERM))
    #expect(bench.states("exited").last?["outcome"] == "incomplete")
    #expect(bench.take().last == .finish(.exit(1)))
  }

  @Test func `after a good turn nothing is lost, and the next run begins anew`() {
    let bench = Bench.claude {
      $0.prompts = ["x"]
      Bench.mayBeStarted(&$0)
    }.started()
    bench.took(1)
    bench.result()
    _ = bench.take()
    outputEnds(bench)
    #expect(bench.take() == [.closeInput])
    bench.passed(10_000)
    #expect(bench.take() == [`Spawn session, the end of the agent's output`.warning, .signal(SIGTERM)])
    ends(bench, .killed(signal: SIGTERM))
    #expect(bench.states("exited").last?["outcome"] == "ok")
    bench.control(1, #"{"action":"start","prompt":"again"}"#)
    _ = bench.started()
    #expect(bench.sentPrompts() == ["again"])
  }

  @Test func `who is not talked to may close it`() {
    let raw = Bench.raw().started()
    let single = Bench.claude {
      $0.promptsVia = .args
      $0.prompts = ["x"]
    }.started()
    for bench in [raw, single] {
      _ = bench.take()
      outputEnds(bench)
      bench.passed(20_000)
      #expect(bench.take() == [])
    }
  }
}
