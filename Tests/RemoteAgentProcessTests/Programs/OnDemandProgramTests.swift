import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// ra-run --on-demand with the real ra-spawn, and a shell script in place of ra-tunnel: what is written to the FIFO
/// `channel` it gives as the device channel's, and keeps the answers; of sessions it keeps arguments and lines.
private struct Stage {
  static let tunnel = #"""
    cd "$(dirname "$0")"
    if [ "$1" = --device-channel ]; then
      echo "$$ $*" >>channels
      echo '{"type":"hello","payload":{"protocol":1}}'
      cat <&8 & trap 'kill $!; exit 0' TERM; cat >>answers; kill $! 2>/dev/null
      exit "$(cat status 2>/dev/null || echo 0)"
    fi
    if [ "$1" = --drain ]; then
      echo "$$ $*" >>drains
      for word; do case $word in --credential-fd=*) cat <&"${word#*=}" >given-drain;; esac; done
      [ -e slow ] && exec sleep 1000
      exit 0
    fi
    for word; do case $word in --session=*) name=${word#*=};; esac; done
    echo "$*" >"args-$name"
    ls -l /proc/self/fd | sed 's/.* \([0-9]* -> .*\)/\1/' >"fds-$name"
    for word; do case $word in --credential-fd=*) cat <&"${word#*=}" >"given-$name";; esac; done
    # Controls stay open, and a signal ends it no sooner than its input does.
    trap '' TERM
    exec 7>&1
    [ -e undelivered ] && { cat >"lines-$name"; exit 75; }
    exec cat >"lines-$name"
    """#

  let program: Program
  var path: String { program.path }
  /// The writing end of `channel`.
  let channel: Int32

  init(_ arguments: [String], agent: String = "exec sleep 1000", environment: [String] = []) throws {
    let folder = try Folder()
    try folder.copy(Program.path("ra-run"))
    try folder.copy(Program.path("ra-spawn"))
    try AtomicFile.write(Array("#!/bin/sh\n\(Stage.tunnel)\n".utf8), to: "\(folder.path)/ra-tunnel", mode: 0o700)
    let script = "#!/bin/sh\necho \"$$ $PWD $*\" >>\"\(folder.path)/starts\"\n\(agent)\n"
    try AtomicFile.write(Array(script.utf8), to: "\(folder.path)/worker", mode: 0o700)
    #expect(mkfifo("\(folder.path)/channel", 0o600) == 0)
    channel = open("\(folder.path)/channel", O_RDWR | O_CLOEXEC)
    // All that is started has it as descriptor 8, and so can read it.
    let words = environment + ["\(folder.path)/ra-run", "--on-demand"] + arguments
    program = try Program(
      "/bin/sh", ["-c", #"exec 8<>channel; exec /usr/bin/env "$@""#, "sh"] + words, folder: folder.path)
    program.folder = folder
  }

  var worker: String { "\(path)/worker" }

  func send(_ text: String) {
    var queue = OutputQueue()
    queue.append(text.utf8)
    #expect(queue.write(to: channel) == .bytes(text.utf8.count))
  }

  func start(_ seq: Int, _ name: String, _ more: String = "", agent: String = "worker") {
    send(
      #"{"type":"control","seq":\#(seq),"ts":1,"payload":{"action":"start","agent":"\#(agent)","sessionId":"\#(name)"\#(more)}}"#
        + "\n")
  }

  func lines(_ file: String) -> [String] {
    let bytes = (try? AtomicFile.read("\(path)/\(file)")) ?? []
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  func answers() -> [String] {
    lines("answers").compactMap { line in
      guard let payload = (try? JSON(parsing: Array(line.utf8)))?["payload"] else { return nil }
      return "\(payload["seq"]?.integer ?? 0) \(payload["reason"]?.string ?? payload["result"]?.string ?? "")"
    }
  }

  /// Reads what ra-run says until something holds.
  func until(_ what: String, _ holds: () throws -> Bool) throws {
    let deadline = BootClock.now + 20_000
    while try !holds() {
      guard BootClock.now < deadline else {
        Issue.record("waited in vain for \(what): \(program.errorText) \(answers())")
        throw ProcessError(tried: "waiting for \(what)", errno: ETIMEDOUT)
      }
      try program.read(until: BootClock.now + 10)
    }
  }

  /// Waits for the answer to a control.
  func answer(_ seq: Int) throws -> String {
    var answer: String?
    try until("an answer to \(seq)") {
      answer = answers().first { $0.hasPrefix("\(seq) ") }.map { String($0.dropFirst("\(seq) ".count)) }
      return answer != nil
    }
    return answer ?? ""
  }

  func begun(_ count: Int) throws { try until("\(count) starts") { lines("starts").count == count } }

  /// The process ids that stand first in the lines of a file.
  func processes(_ file: String) -> [Int32] {
    lines(file).compactMap { $0.split(separator: " ").first.flatMap { Int32($0) } }
  }

  /// Waits until no agent runs any more.
  func noneIsLeft() throws {
    try until("the end of all agents") { processes("starts").allSatisfy { kill($0, 0) != 0 } }
  }

  func end(_ status: WaitStatus = .exited(code: 0)) throws {
    program.child.send(signal: SIGTERM)
    #expect(try program.finish() == status)
    try noneIsLeft()
    close(channel)
  }
}

@Suite(.serialized) struct `ra-run --on-demand` {
  private func stage(_ options: [String] = [], agent: String = "exec sleep 1000") throws -> Stage {
    try Stage(["--allow", "agents=worker:claude"] + options, agent: agent, environment: ["PATH=.:/bin:/usr/bin"])
  }

  @Test func `a start runs an agent, and its lines go to a tunnel of its own`() throws {
    let stage = try stage(["--title", "ours", "--label", "a=b", "--fsync"], agent: "echo out; exec sleep 1000")
    stage.start(1, "one")
    #expect(try stage.answer(1) == "applied")
    stage.start(2, "two", #","title":"theirs""#)
    #expect(try stage.answer(2) == "applied")
    try stage.begun(2)
    try stage.until("lines") {
      ["one", "two"].allSatisfy { name in stage.lines("lines-\(name)").contains { $0.contains(#""text":"out""#) } }
    }
    #expect(
      stage.lines("args-one")
        == ["--control on --announce --session=one --no-ask --label=a=b --fsync --title=ours"])
    #expect(stage.lines("args-two")[0].hasSuffix("--title=theirs"))
    #expect(stage.lines("channels").count == 1)
    #expect(stage.lines("channels")[0].hasSuffix(" --device-channel --no-ask"))
    #expect(stage.lines("starts").allSatisfy { $0.contains(" \(stage.path) ") })
    // Nothing of sessions is shown.
    #expect(stage.program.text == "")
    try stage.until("notes") { stage.program.errorText.contains("ra-run: session two: worker in \(stage.path)\n") }
    try stage.end()
    #expect(stage.lines("lines-one").contains { $0.contains(#""state":"exited","signal":"TERM""#) })
    #expect(stage.program.errorText.contains("ra-run: session one ended, status 143\n"))
  }

  @Test func `what is not allowed is refused`() throws {
    let stage = try stage(["--max-sessions", "1"])
    stage.start(1, "a", agent: "codex")
    #expect(try stage.answer(1) == "this agent is not allowed here (allow: agents)")
    stage.start(2, "a", #","args":["x"]"#)
    #expect(try stage.answer(2) == "arguments are not allowed here (allow: arguments)")
    stage.start(3, "a", #","cwd":"/tmp""#)
    #expect(try stage.answer(3) == "another folder is not allowed here (allow: folders)")
    stage.start(4, "a")
    #expect(try stage.answer(4) == "applied")
    stage.start(5, "b")
    #expect(try stage.answer(5) == "1 session runs already")
    try stage.begun(1)
    try stage.end()
    #expect(stage.lines("starts").count == 1)
  }

  @Test func `a folder, arguments, and agents of the command line`() throws {
    let other = try Folder()
    let stage = try stage(["--allow", "arguments,folders=\(other.path)", "sh"])
    stage.start(1, "a", #","cwd":"\#(other.path)/.","args":["-c","echo $PWD; exit 3"]"#, agent: "sh")
    #expect(try stage.answer(1) == "applied")
    try stage.until("its end") { stage.program.errorText.contains("session a ended, status 3") }
    #expect(stage.lines("lines-a").contains { $0.contains(#""text":"\#(other.path)""#) })
    // What is relative in PATH is the owner's, not the folder's that the hub names.
    try AtomicFile.write(
      Array("#!/bin/sh\necho >\"\(stage.path)/fooled\"\n".utf8), to: "\(other.path)/worker", mode: 0o700)
    stage.start(2, "b", #","cwd":"\#(other.path)""#)
    #expect(try stage.answer(2) == "applied")
    try stage.begun(1)
    #expect(stage.lines("starts")[0].contains(" \(other.path) "))
    #expect(access("\(stage.path)/fooled", F_OK) != 0)
    try stage.end()
  }

  @Test func `a line that comes again starts nothing`() throws {
    let stage = try stage()
    for _ in 0..<3 { stage.start(7, "a") }
    stage.start(8, "b")
    #expect(try stage.answer(8) == "applied")
    try stage.begun(2)
    #expect(stage.answers() == ["7 applied", "8 applied"])
    try stage.end()
    #expect(stage.lines("starts").count == 2)
  }

  @Test func `an agent for many prompts gets its first by a file in memory, and waits for more`() throws {
    let stage = try stage()
    stage.start(1, "a", #","prompt":"say @file 'x'\nand more""#, agent: "claude")
    #expect(try stage.answer(1) == "applied")
    try stage.until("a turn") { stage.lines("lines-a").contains { $0.contains(#""outcome":"ok""#) } }
    #expect(stage.lines("lines-a").contains { $0.contains(#"say @file 'x'\nand more"#) })
    #expect(!stage.program.errorText.contains("error"))
    let running = stage.lines("lines-a").contains { $0.contains(#""state":"exited""#) }
    #expect(!running)
    try stage.end()
  }

  @Test func `a prompt that its agent can't have is the start's refusal`() throws {
    let stage = try stage(["--prompt-via", "args", "gemini"])
    stage.start(1, "a", #","prompt":"- fix the list""#, agent: "gemini")
    #expect(
      try stage.answer(1) == "the prompt begins with -, and this agent would take it for an option")
    stage.start(2, "b", #","prompt":"a\u0000b""#, agent: "claude")
    #expect(try stage.answer(2) == "the prompt has a NUL, which no argument may have")
    try stage.end()
    #expect(stage.lines("args-a") + stage.lines("args-b") == [])
  }

  @Test func `a channel that is killed is opened again, and sessions live on`() throws {
    let stage = try stage()
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
    let stage = try stage(agent: "while [ ! -e done ]; do sleep 0.02; done")
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
    let stage = try stage()
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
    let stage = try stage(agent: "trap '' TERM; while :; do sleep 0.05; done")
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
    let stage = try stage(["--drain-first", "--flush-timeout=7", "--fsync"], agent: "exit 0")
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

  @Test func `programs get the descriptors that are theirs`() throws {
    let stage = try stage(agent: #"ls -l /proc/self/fd | sed 's/.* \([0-9]* -> .*\)/\1/' >fds-agent; exec sleep 1000"#)
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
    let stage = try Stage(
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
    let stage = try Stage(
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
    let stage = try Stage(
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
    let stage = try Stage(arguments)
    let status = try stage.program.finish()
    #expect(status == .exited(code: message.hasPrefix("entering") ? 66 : 64))
    #expect(stage.program.errorText.contains(message))
    #expect(stage.lines("channels") == [])
    close(stage.channel)
  }
}
