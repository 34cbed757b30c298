import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

@Suite(.serialized) struct `ra-run --on-demand: options, settings and credentials` {
  @Test func `programs get the descriptors that are theirs`() throws {
    let stage = try OnDemandStage.withAgents(
      agent: #"ls -l /proc/self/fd | sed 's/.* \([0-9]* -> .*\)/\1/' >fds-agent; exec sleep 1000"#)
    stage.start(1, "a")
    #expect(try stage.answer(1) == "applied")
    stage.start(2, "b")
    #expect(try stage.answer(2) == "applied")
    try stage.begun(2)
    try stage.until("the lists") { stage.lines("fds-agent").count > 3 && stage.lines("fds-b").count > 3 }
    // 5, 8 and 4 are the test's, which everybody inherits; the last is the list's own.
    let expected = { (file: String) in
      Set(stage.lines(file).compactMap { Int($0.split(separator: " ")[0]) }).subtracting([3, 4, 5, 6, 8])
    }
    #expect(expected("fds-a") == [0, 1, 2])
    #expect(expected("fds-b") == [0, 1, 2])
    #expect(expected("fds-agent") == [0, 1, 2])
    try stage.end()
  }

  @Test func `a bundle reaches every ra-tunnel, and nobody else`() throws {
    let bundle = CredentialBundle(
      hub: "https://hub", ca: nil, pin: nil, clientId: "c_1", label: "x", key: Array(repeating: 7, count: 32),
      refreshToken: "r", pairedAt: 1
    ).text
    let stage = try OnDemandStage(
      ["--drain-first", "worker"], agent: #"env | grep -c RA_CREDENTIAL >leaked; exec sleep 1000"#,
      environment: ["PATH=.:/bin:/usr/bin", "RA_CREDENTIAL=\(bundle)"])
    for (seq, name) in [(1, "a"), (2, "b")] {
      stage.start(seq, name)
      #expect(try stage.answer(seq) == "applied")
      try stage.until("the bundle") { stage.lines("given-\(name)") == [bundle] }
    }
    try stage.begun(2)
    #expect(stage.lines("channels")[0].hasSuffix("--device-channel --no-ask --credential-fd=3"))
    try stage.until("the drain's") { stage.lines("given-drain") == [bundle] }
    try stage.until("the agent's look") { stage.lines("leaked") == ["0"] }
    try stage.end()
  }

  @Test(arguments: [
    (
      nil, "starting an agent is not allowed here (allow: agents)",
      "no agent may be started: each start is refused until config.json allows its agent"
    ),
    (
      "{", "the settings of this device can't be used",
      "no agent can be started: each start is refused until that is mended"
    ),
  ])
  func `a device that is handed over by descriptor runs with nothing allowed, and refuses each start`(
    settings text: String?, reason: String, told: String
  ) throws {
    let bundle = CredentialBundle(
      hub: "https://hub", ca: nil, pin: nil, clientId: "c_1", label: "x", key: Array(repeating: 7, count: 32),
      refreshToken: "r", pairedAt: 1
    ).text
    let settings = try Folder()
    if let text { try AtomicFile.write(Array(text.utf8), to: "\(settings.path)/config.json", mode: 0o600) }
    let stage = try OnDemandStage(
      ["--credential-fd=9"],
      environment: [
        "PATH=.:/bin:/usr/bin", "REMOTE_AGENT_CLIENT_HOME=\(settings.path)", "BUNDLE=\(bundle)",
        "/bin/sh", "-c", #"printf %s "$BUNDLE" >bundle; exec "$@" 9<bundle"#, "sh",
      ])
    stage.start(1, "a")
    #expect(try stage.answer(1) == reason)
    try stage.until("the reason") { stage.program.errorText.contains(told) }
    // Allowed from the next start on.
    try AtomicFile.write(
      Array(#"{"allow":{"agents":["worker"]}}"#.utf8), to: "\(settings.path)/config.json", mode: 0o600)
    stage.start(2, "b")
    #expect(try stage.answer(2) == "applied")
    try stage.begun(1)
    try stage.end()
  }

  @Test func `settings that change count from then on, and broken ones refuse`() throws {
    let settings = try Folder()
    let write = { (text: String) in
      try AtomicFile.write(Array(text.utf8), to: "\(settings.path)/config.json", mode: 0o600)
    }
    try write(#"{"allow":{"agents":["worker"]}}"#)
    let stage = try OnDemandStage(
      [], environment: ["PATH=.:/bin:/usr/bin", "REMOTE_AGENT_CLIENT_HOME=\(settings.path)"])
    stage.start(1, "a", agent: "sh")
    #expect(try stage.answer(1) == "this agent is not allowed here (allow: agents)")
    try write(#"{"allow":{"agents":["worker"],"stop":false}}"#)
    stage.start(2, "b")
    #expect(try stage.answer(2) == "applied")
    try stage.begun(1)
    try write("{")
    stage.start(3, "c")
    #expect(try stage.answer(3) == "the settings of this device can't be used")
    try stage.until("the reason") { stage.program.errorText.contains("config.json: ") }
    try stage.end()
  }

  @Test(arguments: [
    (["--mode", "raw", "sh"], "--mode goes with an agent that is run here"),
    (["--prompt", "x", "sh"], "--prompt goes with an agent that is run here"),
    (["--stay", "sh"], "--stay goes with"), (["--json", "sh"], "--json goes with"),
    (["--session", "s", "sh"], "--session goes with"), (["--best-effort", "sh"], "--best-effort goes with"),
    (["--dry-run", "sh"], "--dry-run goes with"), (["--stdin", "pass", "sh"], "--stdin pass goes with"),
    (["sh", "--", "x"], "--on-demand takes no arguments"), (["./sh"], "is none of names or absolute paths"),
    (["--max-sessions", "0", "sh"], "--max-sessions is from 1 to 256"),
    (["--max-sessions", "257", "sh"], "--max-sessions is from 1 to 256"),
    (["--redact-pattern", "(", "sh"], "--redact-pattern (: at character 1: '(' is not closed"),
    (["--no-redact", "--redact-env", "X", "sh"], "--no-redact hides nothing"),
    ([], "--on-demand: no agent may be started"), (["--cwd", "/nowhere", "sh"], "entering /nowhere"),
  ])
  func `options that don't go with it are told`(arguments: [String], message: String) throws {
    let stage = try OnDemandStage(arguments)
    let status = try stage.program.finish()
    #expect(status == .exited(code: message.hasPrefix("entering") ? 66 : 64))
    #expect(stage.program.errorText.contains(message))
    #expect(stage.lines("channels") == [])
    close(stage.channel)
  }
}
