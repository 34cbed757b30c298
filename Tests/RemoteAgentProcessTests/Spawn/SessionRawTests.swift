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

  @Test(arguments: [true, false])
  func `an agent that can't be ended is given up`(isSilent: Bool) {
    let bench = Bench.raw().started()
    _ = bench.take()
    bench.act { $0.signalled(SIGTERM, at: $1) }
    bench.act(after: 200) { $0.signalled(SIGTERM, at: $1) }
    #expect(bench.take() == [.signal(SIGTERM), .endTree(grace: 0), .abandonOutput])
    if isSilent {
      bench.act { session, moment in
        for stream in [LogStream.stdout, .stderr] { session.outputRead(nil, stream: stream, at: moment) }
      }
    }
    // It holds its output open.
    bench.act { $0.treeEnded(survivors: 1, at: $1) }
    bench.passed(1000)
    #expect(bench.states("error").compactMap { $0["code"]?.string } == ["not_ended"])
    #expect(bench.states("exited").first?["signal"] == "KILL")
    #expect(bench.take().last == .finish(.exit(137)))
    #expect(bench.session.deadline == nil)
  }

  @Test func `an agent that can't be ended leaves no deadline to who stays`() {
    let bench = Bench.raw(Bench.mayBeStarted).started()
    bench.control(1, #"{"action":"stop","graceMs":0}"#)
    bench.act { session, moment in
      for stream in [LogStream.stdout, .stderr] { session.outputRead(nil, stream: stream, at: moment) }
    }
    bench.act { $0.treeEnded(survivors: 1, at: $1) }
    #expect(bench.states("exited").count == 1)
    #expect(bench.session.deadline == nil)
    bench.control(2, #"{"action":"start"}"#)
    _ = bench.started()
    #expect(bench.answer(to: 2) == nil)
    #expect(bench.session.deadline == nil)
    // What the run before came to is none of this one's.
    bench.ends(.exited(code: 0))
    bench.act { $0.controlRead(nil, at: $1) }
    #expect(bench.take().last == .finish(.exit(0)))
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
