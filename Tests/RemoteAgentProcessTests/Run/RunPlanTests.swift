import Glibc
import RemoteAgentProcess
import Testing

@Suite struct `Run plan` {
  @Test(arguments: [
    ("plain", "plain"), ("", "''"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#), ("$HOME`x`\"!*\n", "'$HOME`x`\"!*\n'"),
    ("--label=a=b", "'--label=a=b'"), ("~", "'~'"), ("\u{E4}", "'\u{E4}'"),
  ])
  func `a word is quoted for the shell`(word: String, quoted: String) {
    #expect(Shell.quote(word) == quoted)
  }

  @Test func `every program gets its own options`() {
    var plan = RunPlan(agent: "claude", arguments: ["-p", "x"])
    plan.spawnOptions = ["--stay"]
    plan.tunnelOptions = ["--title=t"]
    #expect(plan.spawnArguments == ["--control", "3", "--echo", "4,2", "--stay", "claude", "--", "-p", "x"])
    #expect(plan.tunnelArguments == ["--control", "on", "--announce", "--title=t"])
    plan.isSteered = false
    #expect(plan.tunnelArguments == ["--control", "off", "--announce", "--title=t"])
    plan.showsLines = true
    plan.arguments = []
    #expect(
      plan.spawnArguments == ["--control", "3", "--echo", "4,2", "--echo-format", "json", "--stay", "claude"])
  }

  @Test(arguments: [
    (WaitStatus.exited(code: 0), WaitStatus.exited(code: 0), false, Int32(0)),
    (.exited(code: 7), .exited(code: 0), false, 7),
    (.killed(signal: SIGTERM), .exited(code: 0), false, 143),
    (.exited(code: 0), .exited(code: 75), false, 75),
    (.exited(code: 7), .exited(code: 75), false, 7),
    (.killed(signal: SIGPIPE), .exited(code: 77), false, 77),
    (.killed(signal: SIGPIPE), .killed(signal: SIGKILL), false, 137),
    (.exited(code: 0), .exited(code: 75), true, 0),
  ])
  func `the exit status is the agent's unless only the tunnel failed`(
    spawn: WaitStatus, tunnel: WaitStatus, bestEffort: Bool, status: Int32
  ) {
    #expect(RunStatus.of(spawn: spawn, tunnel: tunnel, brokenPipe: SIGPIPE, bestEffort: bestEffort) == status)
  }

  @Test func `a status of wait is read`() {
    #expect(WaitStatus(rawValue: 7 << 8) == .exited(code: 7))
    #expect(WaitStatus(rawValue: 9) == .killed(signal: 9))
    #expect(WaitStatus(rawValue: 11 | 0x80) == .killed(signal: 11))
  }
}
