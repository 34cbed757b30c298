import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

@Suite(.serialized) struct `ra-spawn` {
  @Test func `both streams, the exit and the status are told`() throws {
    let program = try Program.shell(#"echo out; echo err >&2; echo '{"a": [1.0, "é"]}'; printf end; exit 7"#)
    #expect(try program.finish() == .exited(code: 7))
    #expect(program.states == ["starting", "running", "exited"])
    #expect(program.states("starting").first?["mode"] == "raw")
    #expect(program.states("exited").first?["code"] == 7)
    #expect(try program.stream(.stdout) == Array("out\n{\"a\": [1.0, \"é\"]}\nend".utf8))
    #expect(try program.stream(.stderr) == Array("err\n".utf8))
    #expect(program.text.contains(#""payload":{"stream":"stdout","json":{"a": [1.0, "é"]}}}"#))
    #expect(program.errorText == "")
  }

  @Test func `any bytes come through`() throws {
    var random = SystemRandomNumberGenerator()
    var bytes = (0..<300_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    bytes += [UInt8](repeating: UInt8(ascii: "x"), count: 400_000) + Array("ä\u{1F600}\r\n\n\0".utf8)
    let folder = try Folder()
    try AtomicFile.write(bytes, to: "\(folder.path)/bytes", mode: 0o600)
    let file = open("\(folder.path)/bytes", O_RDONLY | O_CLOEXEC)
    defer { close(file) }
    let program = try Program.spawn(["cat"], input: file)
    #expect(try program.finish() == .exited(code: 0))
    #expect(try program.stream(.stdout) == bytes)
  }

  @Test(arguments: [
    ("no-such-program", Int32(127), "not_found"), ("/etc/passwd", 126, "not_executable"),
    ("/etc", 126, "not_executable"),
  ])
  func `what can't be started is said, on both ways`(agent: String, status: Int32, code: String) throws {
    let program = try Program.spawn([agent])
    #expect(try program.finish() == .exited(code: status))
    #expect(program.states == ["starting", "error"])
    #expect(program.states("error").first?["code"] == .string(code))
    #expect(program.errorText.hasPrefix("ra-spawn: error: starting \(agent): "))
    #expect(program.errorText.split(separator: "\n").count == 1)
  }

  @Test func `a message can't steer the terminal, nor be two`() throws {
    let program = try Program.spawn(["no\u{1B}[2J\nsuch\u{202E}\tagent"])
    #expect(try program.finish() == .exited(code: 127))
    #expect(program.errorText == "ra-spawn: error: starting no\\u001b[2J\\u000asuch\\u202e agent: not found\n")
  }

  @Test func `a script whose interpreter is missing is said so`() throws {
    let folder = try Folder()
    try AtomicFile.write(Array("#!/no/such/interpreter\n".utf8), to: "\(folder.path)/script", mode: 0o700)
    let program = try Program.spawn(["\(folder.path)/script"])
    #expect(try program.finish() == .exited(code: 127))
    #expect(program.states == ["starting", "error"])
  }

  @Test(arguments: [
    ["--mode", "session", "sh"], ["--prompt", "x", "sh"], ["--stay", "sh"], ["--control", "99999", "sh"],
    ["--echo", "x", "sh"], ["--echo", "3,", "sh"], ["--mode", "session", "--stdin", "control", "claude"], [],
    ["--mode", "both", "sh"], ["--control", "0", "--stdin", "pass", "sh"],
    ["--prompt", "", "--mode", "session", "claude"], ["--prompt-via", "stdin", "gemini"],
    ["--prompt-via", "args", "sh"],
    ["--prompt-via", "x", "claude"], ["--stdin", "control", "cat"],
    ["--stdin", "control", "--control", "/dev/null", "cat"], ["--idle-timeout", "0", "sh"],
    ["--max-duration", "x", "sh"], ["--exit-status", "x", "sh"],
  ])
  func `a wrong command line is status 64 and one error`(arguments: [String]) throws {
    let program = try Program.spawn(arguments)
    #expect(try program.finish() == .exited(code: 64))
    #expect(program.text == "")
    #expect(program.errorText.hasPrefix("ra-spawn: error: "))
    #expect(program.errorText.count(of: "ra-spawn: error: ") == 1)
  }

  @Test(arguments: [
    ["--control", "/no/fifo", "sh"], ["--cwd", "/no/folder", "sh"], ["--prompt", "@/no/file", "claude"],
  ])
  func `a file that isn't there is status 66`(arguments: [String]) throws {
    let program = try Program.spawn(arguments)
    #expect(try program.finish() == .exited(code: 66))
    #expect(program.errorText.contains("No such file or directory"))
  }

  @Test func `the agent's death by a signal is passed on`() throws {
    let program = try Program.shell("kill -ILL $$")
    #expect(try program.finish() == .exited(code: 128 + SIGILL))
    #expect(program.states("exited").first?["signal"] == "ILL")
  }

  @Test func `the agent starts with default dispositions, nothing blocked, and no descriptor of ours`() throws {
    let script = "grep -E '^Sig(Blk|Ign)' /proc/self/status; ls /proc/$$/fd"
    // What the test itself leaves to its children.
    let direct = try Program("/bin/sh", ["-c", script])
    #expect(try direct.finish() == .exited(code: 0))
    let program = try Program.shell(script, options: ["--control", "3", "--echo", "5"])
    #expect(try program.finish() == .exited(code: 0))
    let lines = String(decoding: try program.stream(.stdout), as: UTF8.self).split(separator: "\n")
    #expect(lines.first == "SigBlk:\t0000000000000000")
    // Control and echo are ra-spawn's alone.
    #expect(lines == direct.text.split(separator: "\n").filter { $0 != "3" && $0 != "5" })
  }

  @Test func `the agent runs where it should`() throws {
    let program = try Program.shell("pwd", options: ["--cwd", "/usr/.."])
    #expect(try program.finish() == .exited(code: 0))
    #expect(try program.stream(.stdout) == Array("/\n".utf8))
    #expect(program.states("starting").first?["cwd"] == "/")
  }

  @Test func `an agent's output is echoed to be read`() throws {
    let program = try Program.shell("echo out; echo err >&2", options: ["--echo", "5,2"])
    #expect(try program.finish() == .exited(code: 0))
    #expect(program.inheritedText == "out\n")
    #expect(program.errorText == "err\n")
  }

  @Test func `lines are echoed as they are`() throws {
    let program = try Program.shell("echo out", options: ["--echo", "5", "--echo-format", "json"])
    #expect(try program.finish() == .exited(code: 0))
    #expect(program.inheritedText == program.text)
  }

  @Test func `control may be standard input`() throws {
    let program = try Program.shell("cat; exec sleep 1000", options: ["--control", "0"])
    program.send("{\"type\":\"control\",\"seq\":1,\"payload\":{\"action\":\"stop\"}}\n")
    #expect(try program.finish() == .exited(code: 143))
    #expect(try program.stream(.stdout) == [])
  }

  @Test func `an output that can't be written is status 74 and an error`() throws {
    let script = "exec \"$0\" sh -- -c 'exec sleep 1000' >/dev/full"
    let program = try Program("/bin/sh", ["-c", script, Program.path("ra-spawn")])
    #expect(try program.finish() == .exited(code: 74))
    #expect(program.errorText == "ra-spawn: error: writing: No space left on device\n")
  }

  @Test func `an agent is not given an input that would hold it`() throws {
    let folder = try Folder()
    let program = try Program.spawn(["--mode", "raw", folder.claude, "--", "-p", "hi"])
    #expect(try program.finish() == .exited(code: 0))
    #expect(try program.stream(.stdout) == Array("ECHO: hi\n".utf8))
    #expect(program.errorText.contains("doesn't get standard input"))
  }
}

extension String {
  func count(of part: String) -> Int { ranges(of: part).count }
}
