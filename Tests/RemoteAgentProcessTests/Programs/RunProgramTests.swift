import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// ra-run with the real ra-spawn, and a shell script in place of the tunnel.
@Suite(.serialized) struct `ra-run` {
  private func run(_ arguments: [String], tunnel: String) throws -> Program {
    let folder = try Folder()
    try folder.copy(Program.path("ra-run"))
    try folder.copy(Program.path("ra-spawn"))
    try AtomicFile.write(Array("#!/bin/sh\n\(tunnel)\n".utf8), to: "\(folder.path)/ra-tunnel", mode: 0o700)
    let program = try Program("\(folder.path)/ra-run", arguments, folder: folder.path)
    program.folder = folder
    return program
  }

  private func shell(_ script: String, tunnel: String, options: [String] = []) throws -> Program {
    try run(options + ["sh", "--", "-c", script], tunnel: tunnel)
  }

  @Test func `the output is shown, the lines go to the tunnel, the status is the agent's`() throws {
    let program = try shell(
      "echo out; echo err >&2; exit 9", tunnel: #"echo "$@" >args; cat >lines"#,
      options: ["--title=-t's", "--label", "a=b"])
    program.closeInput()
    #expect(try program.finish() == .exited(code: 9))
    #expect(program.text == "out\n")
    #expect(program.errorText == "err\n")
    #expect(
      try AtomicFile.read("\(program.path)/args")
        == Array("--control on --announce --title=-t's --label=a=b --no-ask\n".utf8))
    let lines = String(decoding: try AtomicFile.read("\(program.path)/lines"), as: UTF8.self)
    #expect(lines.contains(#""stream":"stdout","text":"out""#))
    #expect(lines.contains(#""state":"exited","code":9"#))
  }

  @Test func `lines are shown if so wished`() throws {
    let program = try shell("echo out", tunnel: "cat >lines", options: ["--json"])
    #expect(try program.finish() == .exited(code: 0))
    #expect(try AtomicFile.read("\(program.path)/lines") == program.outputBytes)
  }

  @Test func `who kills it ends the agent, and the tunnel gets all that was said`() throws {
    let program = try shell(
      "trap 'echo bye; exit 3' TERM; echo out; while :; do sleep 0.1; done", tunnel: "cat >lines; echo >over")
    try program.wait("the agent") { program.text == "out\n" }
    let all = ProcessTree.descendants(of: program.child.processID)
    #expect(all.count >= 5)
    program.child.send(signal: SIGKILL)
    #expect(try program.finish() == .killed(signal: SIGKILL))
    let deadline = BootClock.now + 20_000
    while all.contains(where: { kill($0, 0) == 0 }), BootClock.now < deadline {
      Descriptor.wait(for: -1, events: 0, until: BootClock.now + 10)
    }
    #expect(all.allSatisfy { kill($0, 0) != 0 })
    let lines = String(decoding: try AtomicFile.read("\(program.path)/lines"), as: UTF8.self)
    #expect(lines.contains(#""text":"bye""#) && lines.contains(#""state":"exited","code":3"#))
    #expect(access("\(program.path)/over", F_OK) == 0)
  }

  @Test func `controls of the tunnel reach the agent`() throws {
    let stop = #"{"type":"control","sessionId":"s","seq":1,"payload":{"action":"stop"}}"#
    let program = try shell("exec sleep 1000", tunnel: "read line; read line; echo '\(stop)'; cat >/dev/null")
    #expect(try program.finish() == .exited(code: 143))
  }

  @Test func `what the hub may do is passed on, and a hub that may only watch is told so`() throws {
    let stop = #"{"type":"control","sessionId":"s","seq":1,"payload":{"action":"stop"}}"#
    let tunnel = #"echo "$@" >args; read line; read line; echo '\#(stop)'; cat >lines"#
    for (options, control) in [(["--deny", "stop"], "on"), (["--allow", "none"], "off")] {
      let program = try shell("exec sleep 1000", tunnel: tunnel, options: options)
      let lines = "\(program.path)/lines"
      let deadline = BootClock.now + 20_000
      while (try? AtomicFile.read(lines))?.contains(UInt8(ascii: "\n")) != true, BootClock.now < deadline {
        try program.read(until: BootClock.now + 5)
      }
      let text = String(decoding: try AtomicFile.read(lines), as: UTF8.self)
      #expect(text.contains(#""result":"refused","reason":"stopping the agent is not allowed here (allow: stop)""#))
      let given = String(decoding: try AtomicFile.read("\(program.path)/args"), as: UTF8.self)
      #expect(given.hasPrefix("--control \(control) --announce"))
      program.child.send(signal: SIGTERM)
      #expect(try program.finish() == .exited(code: 143))
    }
  }

  @Test(arguments: [
    (["--allow", "nothing"], "--allow nothing: there is no such item"),
    (["--label", "x"], "--label takes NAME=VALUE"), (["--session", "-"], "--session must match "),
    (["--flush-timeout", "86401"], "--flush-timeout is 0 to 86400 seconds"),
    (["--spool-limit", "1K"], "--spool-limit is 1M at least"),
    (["--on-full", "what"], "The value 'what' is invalid for '--on-full <what>'"),
    (["--no-spool", "--fsync"], "--no-spool goes with no option of the spool"),
  ])
  func `options that are wrong start nothing`(options: [String], message: String) throws {
    let program = try shell("echo >begun", tunnel: "echo >started", options: options)
    #expect(try program.finish() == .exited(code: 64))
    #expect(program.errorText.hasPrefix("ra-run: error: \(message)"))
    #expect(access("\(program.path)/started", F_OK) != 0)
    #expect(access("\(program.path)/begun", F_OK) != 0)
  }

  @Test func `how the session is kept is passed on as it was given`() throws {
    let options = [
      "--flush-timeout", "0", "--fsync", "--spool-limit", "1536K", "--on-full", "drop-oldest", "--drain-first",
    ]
    let program = try shell("exit 0", tunnel: #"echo "$@" >args; cat >lines"#, options: options)
    #expect(try program.finish() == .exited(code: 0))
    let words = "--flush-timeout=0 --fsync --spool-limit=1536K --on-full=drop-oldest --drain-first"
    #expect(
      try AtomicFile.read("\(program.path)/args") == Array("--control on --announce --no-ask \(words)\n".utf8))
  }

  @Test func `a tunnel that fails ends the agent, and its status says why`() throws {
    let program = try shell("exec sleep 1000", tunnel: "exit 77")
    #expect(try program.finish() == .exited(code: 77))
  }

  @Test func `a tunnel that fails at its end is told if the agent did well`() throws {
    let well = try shell("exit 0", tunnel: "cat >/dev/null; exit 75")
    #expect(try well.finish() == .exited(code: 75))
    let badly = try shell("exit 4", tunnel: "cat >/dev/null; exit 75")
    #expect(try badly.finish() == .exited(code: 4))
  }

  @Test func `with best effort the agent goes on without its tunnel`() throws {
    let program = try shell("sleep 0.3; echo still; exit 5", tunnel: "exit 77", options: ["--best-effort"])
    #expect(try program.finish() == .exited(code: 5))
    #expect(program.text == "still\n")
  }

  @Test func `a signal reaches the agent, and the tunnel ends after it`() throws {
    let program = try shell(
      "trap 'echo got it; exit 6' TERM; echo ready; while :; do sleep 0.01; done", tunnel: "cat >lines")
    try program.wait("the agent") { program.text == "ready\n" }
    program.child.send(signal: SIGTERM)
    #expect(try program.finish() == .exited(code: 6))
    #expect(program.text == "ready\ngot it\n")
    let lines = String(decoding: try AtomicFile.read("\(program.path)/lines"), as: UTF8.self)
    #expect(lines.contains(#""state":"exited","code":6"#))
  }

  @Test func `a reader that leaves ends it as any filter`() throws {
    let program = try shell("echo ready; while :; do echo y; done", tunnel: "cat >/dev/null")
    try program.wait("output") { program.text.contains("ready\ny\n") }
    program.closeOutput()
    #expect(try program.finish() == .killed(signal: SIGPIPE))
  }

  @Test func `a dry run prints what a shell can run`() throws {
    let words = ["sh", "--", "-c", #"echo "it's $HOME"; exit 0"#]
    let dry = try run(["--dry-run", "--title", "a 'b'"] + words, tunnel: #"echo "$@" >args; cat >lines"#)
    #expect(try dry.finish() == .exited(code: 0))
    let script = "PATH=\(dry.path):$PATH; cd \(dry.path); " + dry.text
    let program = try Program("/bin/sh", ["-c", script])
    #expect(try program.finish() == .exited(code: 0))
    #expect(program.text.hasPrefix("it's /"))
    #expect(try AtomicFile.read("\(dry.path)/args") == Array("--control on --announce --title=a 'b' --no-ask\n".utf8))
  }

  @Test(arguments: [
    ["--passphrase"], ["--credential-fd", "5"], ["--credential-file", "/dev/fd/5"],
    ["--passphrase-file", "/proc/self/fd/5"], ["--prompt", "@/dev/fd/5"],
  ])
  func `a dry run has nothing that is read now`(options: [String]) throws {
    let program = try run(["--dry-run"] + options + ["true"], tunnel: "")
    #expect(try program.finish() == .exited(code: 64))
    #expect(program.text == "")
    #expect(program.errorText.hasPrefix("ra-run: error: --dry-run prints a command to run later, and "))
  }

  @Test func `a descriptor that is a file's path is the tunnel's alone`() throws {
    let script = #"""
      [ -e /dev/fd/8 ] && echo "the agent has it"; exit 0
      """#
    for (option, path) in [("--credential-file", "/dev/fd/8"), ("--passphrase-file", "/proc/self/fd/8")] {
      let run = try run([], tunnel: "")
      let program = try Program(
        "/bin/sh",
        [
          "-c", #"exec 8<<X; exec "$0" "$@""# + "\nsecret\nX\n", "\(run.path)/ra-run", "\(option)=\(path)", "sh", "--",
          "-c", script,
        ],
        folder: run.path)
      program.folder = run.folder
      try AtomicFile.write(
        Array("#!/bin/sh\necho \"$@\" >args; cat <&3 >given; cat >lines\n".utf8), to: "\(run.path)/ra-tunnel",
        mode: 0o700)
      #expect(try program.finish() == .exited(code: 0))
      #expect(program.text == "")
      #expect(try AtomicFile.read("\(run.path)/given") == Array("secret\n".utf8))
      let args = String(decoding: try AtomicFile.read("\(run.path)/args"), as: UTF8.self)
      #expect(args.contains("\(option)=/dev/fd/3"))
    }
  }

  /// At ra-spawn 3 is what control comes by, and 4 the output that is shown.
  @Test func `prompts of descriptors are ra-spawn's alone, in their order`() throws {
    let look = { (who: String) in "ls -l /proc/self/fd | grep -q secret && echo \(who) >>leaked" }
    let run = try run([], tunnel: "\(look("tunnel")); exec cat >lines")
    #expect(rename("\(run.path)/claude", "\(run.path)/example") == 0)
    try AtomicFile.write(
      Array("#!/bin/sh\n\(look("agent"))\nexec ./example \"$@\"\n".utf8), to: "\(run.path)/claude", mode: 0o700)
    for name in ["first", "third", "fourth"] {
      try AtomicFile.write(Array(name.utf8), to: "\(run.path)/secret-\(name)", mode: 0o600)
    }
    let program = try Program(
      "/bin/sh",
      [
        "-c", #"exec 3<secret-first 4<secret-third 6<secret-fourth; PATH=.:$PATH; exec "$0" "$@""#,
        "\(run.path)/ra-run", "--prompt=@/dev/fd/3", "--prompt", "second", "--prompt", "@/dev/fd/4", "--prompt",
        "@/proc/self/fd/6", "claude",
      ],
      folder: run.path)
    program.folder = run.folder
    #expect(try program.finish() == .exited(code: 0))
    let answers = program.text.split(separator: "\n").filter { $0.hasPrefix("ECHO") }
    #expect(answers == ["ECHO: first", "ECHO: second", "ECHO: third", "ECHO: fourth"])
    #expect(access("\(run.path)/leaked", F_OK) != 0)
  }

  @Test(arguments: [
    (["--prompt", "@/dev/fd/99"], "the prompt: using descriptor 99: Bad file descriptor", 66 as Int32),
    (
      Array(repeating: "--prompt=@/dev/fd/5", count: 12), "--prompt: no more than 11 are read from descriptors", 64
    ),
  ])
  func `a prompt that can't be passed on starts nothing`(options: [String], message: String, status: Int32) throws {
    let program = try run(options + ["claude"], tunnel: "echo >started")
    #expect(try program.finish() == .exited(code: status))
    #expect(program.errorText.hasPrefix("ra-run: error: \(message)"))
    #expect(access("\(program.path)/started", F_OK) != 0)
  }

  @Test func `its memory is its own, and the agent's limit of cores as it was`() throws {
    let program = try shell("ulimit -Hc; exec sleep 1000", tunnel: "cat >/dev/null")
    try program.wait("the agent") { program.text.hasSuffix("\n") }
    var limit = rlimit()
    #expect(getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0)
    let expected = limit.rlim_max == ~0 ? "unlimited" : "\(limit.rlim_max / 512)"
    #expect(program.text == "\(expected)\n")
    // What is in /proc of one that is not dumpable is root's; so it is anyway where root runs the tests.
    let status = try FileStatus(path: "/proc/\(program.child.processID)/environ")
    #expect(status.owner == 0)
    program.child.send(signal: SIGTERM)
    #expect(try program.finish() == .exited(code: 143))
  }

  @Test func `a missing sibling is said`() throws {
    let folder = try Folder()
    try folder.copy(Program.path("ra-run"))
    let program = try Program("/usr/bin/env", ["PATH=/bin", "\(folder.path)/ra-run", "sh"])
    #expect(try program.finish() == .exited(code: 127))
    #expect(program.errorText == "ra-run: error: starting ra-spawn: not found beside ra-run, nor in PATH\n")
  }
}
