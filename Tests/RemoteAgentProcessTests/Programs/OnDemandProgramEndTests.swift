import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

@Suite(.serialized) struct `ra-run --on-demand: channel, drain and end` {
  @Test func `a channel that is killed is opened again, and sessions live on`() throws {
    let stage = try OnDemandStage.withAgents()
    stage.start(1, "a")
    #expect(try stage.answer(1) == "applied")
    try stage.begun(1)
    // Its group: what reads for the stand-in goes with it.
    kill(-(try #require(stage.processes("channels").first)), SIGKILL)
    try stage.until("another channel") { stage.lines("channels").count == 2 }
    try stage.until("the answer again") { stage.answers() == ["1 applied", "1 applied"] }
    stage.start(2, "b")
    #expect(try stage.answer(2) == "applied")
    try stage.begun(2)
    #expect(stage.processes("starts").allSatisfy { kill($0, 0) == 0 })
    #expect(stage.program.errorText.contains("warning: the device channel's ra-tunnel ended (status 137)"))
    try stage.end()
  }

  @Test func `a channel that is refused ends ra-run after what runs`() throws {
    let stage = try OnDemandStage.withAgents(agent: "while [ ! -e done ]; do sleep 0.02; done")
    stage.start(1, "a")
    #expect(try stage.answer(1) == "applied")
    try stage.begun(1)
    try AtomicFile.write(Array("77".utf8), to: "\(stage.path)/status", mode: 0o600)
    // Its input ends only with ra-run; a signal lets its shell go on to the status.
    let channel = try #require(stage.processes("channels").first)
    let reader = try #require(ProcessTree.descendants(of: channel).last)
    kill(reader, SIGTERM)
    try stage.until("it is told") {
      stage.program.errorText.contains(
        "no agents are started any more: ra-tunnel --device-channel ended with status 77")
    }
    #expect(stage.processes("starts").allSatisfy { kill($0, 0) == 0 })
    try AtomicFile.write([], to: "\(stage.path)/done", mode: 0o600)
    #expect(try stage.program.finish() == .exited(code: 77))
    #expect(stage.lines("channels").count == 1)
    close(stage.channel)
  }

  @Test func `killed, it leaves nothing running`() throws {
    let stage = try OnDemandStage.withAgents()
    for (seq, name) in [(1, "a"), (2, "b")] {
      stage.start(seq, name)
      #expect(try stage.answer(seq) == "applied")
    }
    stage.start(3, "c", agent: "claude")
    #expect(try stage.answer(3) == "applied")
    try stage.begun(2)
    let all = ProcessTree.descendants(of: stage.program.child.processID)
    #expect(all.count >= 10)
    stage.program.child.send(signal: SIGKILL)
    #expect(try stage.program.finish() == .killed(signal: SIGKILL))
    try stage.until("the end of all") { all.allSatisfy { kill($0, 0) != 0 } }
    // It was told, and not just cut.
    #expect(stage.lines("lines-a").contains { $0.contains(#""state":"exited","signal":"TERM""#) })
    close(stage.channel)
  }

  @Test func `a second signal is the end of what doesn't listen`() throws {
    let stage = try OnDemandStage.withAgents(agent: "trap '' TERM; while :; do sleep 0.05; done")
    stage.start(1, "a")
    #expect(try stage.answer(1) == "applied")
    try stage.begun(1)
    stage.program.child.send(signal: SIGTERM)
    try stage.until("it is told") {
      stage.program.errorText.contains("1 session ends; again, and nothing is waited for")
    }
    stage.start(2, "b")
    #expect(try stage.answer(2) == "ra-run is ending on this device")
    let later = BootClock.now + 250
    try stage.until("a while") { BootClock.now > later }
    try stage.end(.killed(signal: SIGTERM))
  }

  @Test func `what earlier sessions left has a tunnel of its own, and no session waits for it`() throws {
    let stage = try OnDemandStage.withAgents(["--drain-first", "--flush-timeout=7", "--fsync"], agent: "exit 0")
    try stage.until("the drain") { stage.lines("drains").count == 1 }
    #expect(stage.lines("drains")[0].hasSuffix(" --drain --no-ask --flush-timeout=7"))
    try AtomicFile.write([], to: "\(stage.path)/undelivered", mode: 0o600)
    try AtomicFile.write([], to: "\(stage.path)/slow", mode: 0o600)
    stage.start(1, "a")
    try stage.until("another, after a session that could not deliver") { stage.lines("drains").count == 2 }
    #expect(stage.lines("args-a")[0].hasSuffix("--no-ask --flush-timeout=7 --fsync"))
    // It takes its time, and a session is started.
    stage.start(2, "b")
    #expect(try stage.answer(2) == "applied")
    try stage.until("its end") { stage.program.errorText.contains("session b ended, and its ra-tunnel with status 75") }
    #expect(stage.lines("drains").count == 2)
    let drain = try #require(stage.processes("drains").last)
    #expect(kill(drain, 0) == 0)
    try stage.end()
    #expect(kill(drain, 0) != 0)
  }
}
