import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// What ra-spawn is started with, and what happens to it, that nobody wishes for.
@Suite(.serialized) struct `ra-spawn's edges` {
  // MARK: - Signals

  @Test func `a SIGPIPE that our parent ignores is seen all the same, and not inherited by the agent`() throws {
    let program = try Program.spawn(
      by: #"trap '' PIPE; exec "$0" "$@""#,
      ["sh", "--", "-c", "grep ^SigIgn /proc/self/status; echo ready; exec sleep 1000"])
    try program.wait("the agent") { program.text.contains("\"ready\"") }
    let mask = String(decoding: try program.stream(.stdout), as: UTF8.self).split(separator: "\n").first
    let ignored = try #require(mask.flatMap { UInt64($0.dropFirst("SigIgn:\t".count), radix: 16) })
    // 32 and 33 are the C library's own.
    #expect(ignored & ~(3 << 31) == 0)
    program.closeOutput()
    #expect(try program.finish() == .killed(signal: SIGPIPE))
    #expect(program.errorText == "")
  }

  @Test func `a SIGHUP that our parent ignores (nohup) is ignored`() throws {
    let program = try Program.spawn(
      by: #"trap '' HUP; exec "$0" "$@""#, ["sh", "--", "-c", "echo ready; exec sleep 1000"])
    try program.wait("the agent") { program.text.contains("\"ready\"") }
    program.child.send(signal: SIGHUP)
    program.child.send(signal: SIGTERM)
    #expect(try program.finish() == .exited(code: 128 + SIGTERM))
    #expect(program.states("exited").first?["signal"] == "TERM")
  }

  /// Two seconds of signals that stop it, let it go on and mean nothing to it, while lines come through.
  @Test func `a storm of signals loses nothing`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix(state: seed)
    let program = try Program.spawn(["cat"])
    try program.wait("the agent") { program.states.contains("running") }
    let signals = [SIGSTOP, SIGCONT, SIGCONT, SIGWINCH, SIGCHLD, SIGURG]
    let end = BootClock.now + 2000
    var sent = ""
    var line = 0
    while BootClock.now < end {
      program.child.send(signal: signals.randomElement(using: &random) ?? 0)
      // What waits while it is stopped stays within what the pipes hold.
      if sent.utf8.count < 48 << 10 {
        line += 1
        let text = "line \(line)\n" + (line.isMultiple(of: 3) ? "half of " : "")
        program.send(text)
        sent += text
      }
      try program.read(until: BootClock.now + Int64.random(in: 0...3, using: &random))
    }
    program.child.send(signal: SIGCONT)
    program.closeInput()
    #expect(try program.finish() == .exited(code: 0), "seed \(seed)")
    #expect(line > 100)
    #expect(try program.stream(.stdout) == Array(sent.utf8), "seed \(seed)")
    #expect(program.states == ["starting", "running", "exited"])
    #expect(program.errorText == "")
  }

  // MARK: - Descriptors

  @Test func `a closed standard input is one that can't be read`() throws {
    let program = try Program.spawn(by: #"exec "$0" "$@" <&-"#, ["sh", "--", "-c", "cat; echo $?; echo x"])
    #expect(try program.finish() == .exited(code: 0))
    #expect(try program.stream(.stdout) == Array("1\nx\n".utf8))
    #expect(try program.stream(.stderr) == Array("cat: -: Bad file descriptor\n".utf8))
    #expect(program.errorText == "")
  }

  @Test func `a closed standard input is no prompt`() throws {
    let folder = try Folder()
    let program = try Program.spawn(by: #"exec "$0" "$@" <&-"#, ["--stdin", "pass", "--prompt", "hi", folder.claude])
    #expect(try program.finish() == .exited(code: 0))
    #expect(program.states("turn").compactMap { $0["outcome"]?.string } == ["started", "ok"])
    #expect(program.errorText == "ra-spawn: warning: reading standard input: Bad file descriptor\n")
  }

  @Test func `a closed standard output is an error`() throws {
    let program = try Program.spawn(by: #"exec "$0" "$@" >&-"#, ["sh", "--", "-c", "echo to no file; exec sleep 1000"])
    #expect(try program.finish() == .exited(code: 74))
    #expect(program.text == "")
    #expect(program.errorText == "ra-spawn: error: writing: Bad file descriptor\n")
  }

  @Test func `a closed standard error takes nothing from the agent's`() throws {
    let program = try Program.spawn(by: #"exec "$0" "$@" 2>&-"#, ["sh", "--", "-c", "echo out; echo err >&2; exit 3"])
    #expect(try program.finish() == .exited(code: 3))
    #expect(try program.stream(.stdout) == Array("out\n".utf8))
    #expect(try program.stream(.stderr) == Array("err\n".utf8))
  }

  @Test func `all three closed, and the status is told`() throws {
    let program = try Program.spawn(by: #"exec "$0" "$@" <&- >&- 2>&-"#, ["sh", "--", "-c", "exec sleep 1000"])
    #expect(try program.finish() == .exited(code: 74))
    #expect(program.text + program.errorText + program.inheritedText == "")
  }

  @Test func `a folder as standard input is the agent's own trouble`() throws {
    let program = try Program.spawn(by: #"exec "$0" "$@" </"#, ["--stdin", "pass", "cat"])
    #expect(try program.finish() == .exited(code: 1))
    #expect(try program.stream(.stderr) == Array("cat: -: Is a directory\n".utf8))
    #expect(try program.stream(.stdout) == [])
    #expect(program.errorText == "")
  }

  @Test func `a folder holds no prompts, and that is told`() throws {
    let folder = try Folder()
    let program = try Program.spawn(by: #"exec "$0" "$@" </"#, ["--stdin", "pass", "--prompt", "hi", folder.claude])
    #expect(try program.finish() == .exited(code: 0))
    #expect(program.states("turn").compactMap { $0["outcome"]?.string } == ["started", "ok"])
    #expect(program.errorText == "ra-spawn: warning: reading standard input: Is a directory\n")
  }

  @Test func `no prompt at all ends the agent as it is`() throws {
    let folder = try Folder()
    let program = try Program.spawn([folder.claude])
    program.closeInput()
    #expect(try program.finish() == .exited(code: 0))
    #expect(program.states == ["starting", "running", "exited"])
    #expect(program.errorText == "")
  }

  /// 0 to 5 are what it is given.
  @Test func `sixteen descriptors are enough`() throws {
    let program = try Program.spawn(
      by: #"ulimit -n 16; exec "$0" "$@""#,
      ["--control", "3", "--stay", "--allow", "restart", "--echo", "5,2", "sh", "--", "-c", "ulimit -n; ulimit -n >&2"])
    for start in 1...3 {
      try program.wait("end \(start)") { program.states("exited").count == start }
      program.control(start, #"{"action":"start"}"#)
    }
    try program.wait("the last end") { program.states("exited").count == 4 }
    program.child.send(signal: SIGTERM)
    #expect(try program.finish() == .exited(code: 0))
    let all = String(repeating: "16\n", count: 4)
    #expect(try program.stream(.stdout) == Array(all.utf8))
    #expect(try program.stream(.stderr) == Array(all.utf8))
    #expect(program.inheritedText == all)
    #expect(program.errorText == all)
  }

  @Test func `sixteen descriptors are enough for a session`() throws {
    let folder = try Folder()
    let program = try Program.spawn(
      by: #"exec 3>&- 4>&- 5>&-; ulimit -n 16; exec "$0" "$@""#, ["--stdin", "null", "--prompt", "hi", folder.claude])
    program.closeInput()
    #expect(try program.finish() == .exited(code: 0))
    #expect(program.states("turn").compactMap { $0["outcome"]?.string } == ["started", "ok"])
    #expect(program.errorText == "")
  }

  @Test(arguments: 7...15) func `too few descriptors are an error of the system's`(limit: Int) throws {
    let program = try Program.spawn(by: "ulimit -n \(limit); exec \"$0\" \"$@\"", ["sh", "--", "-c", "echo it runs"])
    #expect(try program.finish() == .exited(code: 74))
    #expect(try program.stream(.stdout) == [])
    #expect(program.errorText.hasPrefix("ra-spawn: error: "))
    #expect(program.errorText.hasSuffix(": Too many open files\n"))
    #expect(program.errorText.count(of: "\n") == 1)
  }

  // MARK: - Environment

  @Test func `nothing is left in TMPDIR, HOME or where it runs`() throws {
    let folder = try Folder()
    try AtomicFile.write(Array("{\"a\":1}\n".utf8), to: "\(folder.path)/lines", mode: 0o600)
    let script = #"d=$1; shift; cd "$d" && TMPDIR=$d HOME=$d exec "$0" "$@""#
    let runs: [(arguments: [String], signal: Int32?)] = [
      (["cat", "--", "lines"], nil), (["no-such-program"], nil), (["--wrong"], nil),
      (["--prompt", "hi", "./claude"], nil), (["sleep", "--", "1000"], SIGTERM), (["sleep", "--", "1000"], SIGKILL),
    ]
    for run in runs {
      let program = try Program.spawn(by: script, [folder.path] + run.arguments)
      program.closeInput()
      if let signal = run.signal {
        try program.wait("the agent") { program.states.contains("running") }
        program.child.send(signal: signal)
      }
      _ = try program.finish()
      let listing = try Program("/bin/ls", ["-A", folder.path])
      #expect(try listing.finish() == .exited(code: 0))
      #expect(listing.text == "claude\nlines\n", "after \(run.arguments)")
    }
  }

  @Test func `it needs no terminal, no HOME and no environment, and adds nothing to it`() throws {
    let program = try Program(
      "/usr/bin/env", ["-i", "PATH=/usr/bin:/bin", "setsid", "--wait", Program.path("ra-spawn"), "env"])
    #expect(try program.finish() == .exited(code: 0))
    #expect(try program.stream(.stdout) == Array("PATH=/usr/bin:/bin\n".utf8))
    #expect(program.errorText == "")
  }

  @Test func `without a PATH the usual places are looked in`() throws {
    let program = try Program("/usr/bin/env", ["-i", Program.path("ra-spawn"), "env"])
    #expect(try program.finish() == .exited(code: 0))
    #expect(try program.stream(.stdout) == [])
  }
}

/// Vigna's splitmix64: the same seed, the same storm.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
