import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// What is alive of ra-spawn's tree holds descriptor 5 open (the guard doesn't): its end of file means that nothing is left.
@Suite(.serialized) struct `ra-spawn's ends` {
  /// A child, one that ignores SIGTERM, and one that made a session of its own and whose parent is gone.
  private static let tree =
    "sleep 1000 & sh -c 'trap \"\" TERM HUP; sleep 1001; sleep 1002' & "
    + "sh -c \"setsid sh -c 'trap \\\"\\\" TERM HUP; (sleep 1003 &) ; sleep 1004' & exit\"; "

  private func family(of program: Program) -> [Int32] { ProcessTree.descendants(of: program.child.processID) }

  private func isAlive(_ process: Int32) -> Bool {
    guard let bytes = try? AtomicFile.read("/proc/\(process)/stat") else { return false }
    return !String(decoding: bytes, as: UTF8.self).contains(") Z ")
  }

  /// The whole tree, once it stands: the keeper, the guard, the agent, and six below. Those that only fork another and end are not of
  /// it, so it stands when two looks see the same.
  private func grownFamily(of program: Program) throws -> [Int32] {
    var polling = try PollSet()
    let deadline = BootClock.now + 20_000
    var before: [Int32] = []
    var family = family(of: program)
    while family.count != 9 || family != before, BootClock.now < deadline {
      try polling.wait(until: BootClock.now + 5)
      before = family
      family = self.family(of: program)
    }
    #expect(family.count == 9)
    return family
  }

  /// Waits until the agent says that it is ready.
  private func grown(_ script: String, options: [String] = []) throws -> Program {
    let program = try Program.shell(script, options: options)
    try program.wait("the tree") { program.text.contains("\"ready\"") }
    return program
  }

  @Test func `kill -9 of ra-spawn leaves no descendant`() throws {
    let program = try grown(`ra-spawn's ends`.tree + "echo ready; wait")
    let family = try grownFamily(of: program)
    kill(program.child.processID, SIGKILL)
    #expect(try program.finish() == .killed(signal: SIGKILL))
    try gone(family)
  }

  /// The guard itself holds nothing of ours: its end is looked for in /proc.
  private func gone(_ family: [Int32]) throws {
    var polling = try PollSet()
    let deadline = BootClock.now + 20_000
    while family.contains(where: isAlive), BootClock.now < deadline { try polling.wait(until: BootClock.now + 5) }
    #expect(family.filter(isAlive) == [])
  }

  @Test func `kill -9 of the guard leaves no descendant either, and is told`() throws {
    let program = try grown(`ra-spawn's ends`.tree + "echo ready; wait")
    let family = try grownFamily(of: program)
    let guardID = try #require(
      family.first { (try? AtomicFile.read("/proc/\($0)/comm")) == Array("ra-guard\n".utf8) })
    kill(guardID, SIGKILL)
    #expect(try program.finish() == .exited(code: 137))
    #expect(program.states("error").first?["code"] == "guard_lost")
    try gone(family)
  }

  @Test func `what the agent leaves behind is ended after it`() throws {
    let program = try Program.shell(`ra-spawn's ends`.tree + "echo said; exit 3")
    #expect(try program.finish() == .exited(code: 3))
    #expect(try program.stream(.stdout) == Array("said\n".utf8))
    #expect(program.states.last == "exited")
  }

  @Test func `a signal is passed on, and the output read to its end`() throws {
    let program = try grown("trap 'echo got it; exit 5' TERM; echo ready; while :; do sleep 0.01; done")
    program.child.send(signal: SIGTERM)
    #expect(try program.finish() == .exited(code: 5))
    #expect(try program.stream(.stdout) == Array("ready\ngot it\n".utf8))
  }

  @Test(arguments: [SIGINT, SIGHUP, SIGTERM])
  func `an agent that takes the default dies by the same signal`(signal: Int32) throws {
    let program = try grown("echo ready; exec sleep 1000")
    program.child.send(signal: signal)
    #expect(try program.finish() == .exited(code: 128 + signal))
    #expect(program.states("exited").first?["signal"] == .string(Signals.name(signal)))
  }

  @Test func `a second signal kills who ignores the first`() throws {
    let program = try grown("trap '' TERM; echo ready; while :; do sleep 1; done")
    var polling = try PollSet()
    let status =
      try {
        while true {
          program.child.send(signal: SIGTERM)
          try polling.wait(until: BootClock.now + 20)
          if let status = program.child.reap() { return status }
        }
      }() as WaitStatus
    #expect(status == .exited(code: 137))
  }

  @Test func `when nobody reads our output any more, the agent ends, and ra-spawn dies of it`() throws {
    let program = try grown(`ra-spawn's ends`.tree + "echo ready; wait")
    program.closeOutput()
    #expect(try program.finish() == .killed(signal: SIGPIPE))
  }

  @Test func `an agent goes on without readers if so wished`() throws {
    let program = try grown(
      "echo ready; sleep 0.3; echo more; echo done >&5; exit 4", options: ["--on-broken-pipe", "continue"])
    program.closeOutput()
    #expect(try program.finish() == .exited(code: 4))
    #expect(program.inheritedText == "done\n")
  }

  @Test func `control is obeyed while our output is blocked, and nothing is lost of it`() throws {
    let program = try Program.shell(
      "trap 'echo stopped >&5; exit 9' TERM; echo up >&5; (i=0; while :; do i=$((i+1)); echo line $i; done) & wait",
      options: ["--control", "3"], readsOutput: false)
    try program.wait("the agent") { program.inheritedText == "up\n" }
    try program.waitUntilBlocked()
    program.control(1, #"{"action":"input","text":"x"}"#)
    program.control(2, #"{"action":"stop"}"#)
    try program.wait("the stop") { program.inheritedText == "up\nstopped\n" }
    program.readOutput()
    #expect(try program.finish() == .exited(code: 9))
    #expect(program.states("control").compactMap { $0["result"]?.string } == ["refused", "applied"])
    let lines = String(decoding: try program.stream(.stdout), as: UTF8.self).split(separator: "\n")
    #expect(lines.count > 500)
    #expect(lines.enumerated().allSatisfy { $1 == "line \($0 + 1)" })
  }

  @Test func `an agent whose output nobody reads waits, and is not taken in`() throws {
    let program = try Program.shell("echo up >&5; exec tr '\\0' x </dev/zero", readsOutput: false)
    try program.wait("the agent") { program.inheritedText == "up\n" }
    try program.waitUntilBlocked()
    let agent = try #require(family(of: program).last)
    // Until it has written nothing for a while: then it waits.
    var polling = try PollSet()
    var (written, rounds) = (0, 0)
    while rounds < 20, written < 4 << 20 {
      try polling.wait(until: BootClock.now + 10)
      let now = bytesWritten(by: agent)
      rounds = now == written ? rounds + 1 : 0
      written = now
    }
    #expect((64 << 10..<2 << 20).contains(written))
    program.closeOutput()
    #expect(try program.finish() == .killed(signal: SIGPIPE))
  }

  private func bytesWritten(by process: Int32) -> Int {
    guard let bytes = try? AtomicFile.read("/proc/\(process)/io") else { return 0 }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    return lines.first { $0.hasPrefix("wchar: ") }.flatMap { Int($0.dropFirst(7)) } ?? 0
  }
}
