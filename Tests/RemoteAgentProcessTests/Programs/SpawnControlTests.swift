import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

@Suite(.serialized) struct `ra-spawn's control` {
  @Test func `prompts come from standard input, control and the command line, one turn each`() throws {
    let folder = try Folder()
    let program = try Program.spawn([
      "--control", "3", "--stdin", "pass", "--prompt", "first", "--echo", "5", folder.claude,
    ])
    program.send("second\n\n")
    try program.wait("two turns") { program.states("turn").count == 4 }
    program.control(1, #"{"action":"prompt","text":"third\nof two lines"}"#)
    try program.wait("three turns") { program.states("turn").count == 6 }
    program.send("err")
    program.closeInput()
    #expect(try program.finish() == .exited(code: 1))
    #expect(
      program.states("turn").compactMap { $0["outcome"]?.string }
        == ["started", "ok", "started", "ok", "started", "ok", "started", "error"])
    #expect(program.states("control") == [["state": "control", "seq": 1, "result": "applied"]])
    for prompt in ["first", "second", "third\nof two lines"] {
      #expect(program.inheritedText.contains("ECHO: \(prompt)\n"))
    }
    #expect(program.inheritedText.contains("[error: API Error: 400 as you asked]\n"))
    #expect(program.states("exited").first?["outcome"] == "error")
  }

  @Test func `an agent that dies in a turn leaves it incomplete`() throws {
    let folder = try Folder()
    let program = try Program.spawn(["--prompt", "die:6", folder.claude])
    program.closeInput()
    #expect(try program.finish() == .exited(code: 6))
    #expect(program.states("turn").last?["outcome"] == "incomplete")
    #expect(program.states("exited").first?["outcome"] == "error")
  }

  @Test func `an event of megabytes ends its turn`() throws {
    let folder = try Folder()
    let program = try Program.spawn(["--prompt", "big:3000000", folder.claude])
    program.closeInput()
    #expect(try program.finish() == .exited(code: 0))
    #expect(program.states("turn").last?["outcome"] == "ok")
    #expect(try program.stream(.stdout).count > 6_000_000)
  }

  @Test func `a FIFO is opened without a writer, and outlives one that leaves`() throws {
    let folder = try Folder()
    let fifo = "\(folder.path)/loop"
    #expect(mkfifo(fifo, 0o600) == 0)
    let program = try Program.shell("echo ready; exec sleep 1000", options: ["--control", fifo])
    try program.wait("the agent") { program.text.contains("\"ready\"") }
    try write(#"{"type":"control","seq":1,"payload":{"action":"resize"}}"#, to: fifo)
    try program.wait("an answer") { program.states("control").count == 1 }
    try write(#"{"type":"control","seq":2,"payload":{"action":"stop"}}"#, to: fifo)
    #expect(try program.finish() == .exited(code: 143))
    #expect(program.states("control").compactMap { $0["seq"]?.integer } == [1, 2])
  }

  private func write(_ line: String, to fifo: String) throws {
    let descriptor = open(fifo, O_WRONLY | O_CLOEXEC)
    defer { close(descriptor) }
    var queue = OutputQueue()
    queue.append("\(line)\n".utf8)
    #expect(queue.write(to: descriptor) == .bytes(line.utf8.count + 1))
  }

  @Test func `who ignores stop is killed after the grace`() throws {
    let program = try Program.shell(
      "trap '' TERM; echo ready; while :; do sleep 1; done", options: ["--control", "3"])
    try program.wait("the agent") { program.text.contains("\"ready\"") }
    program.control(1, #"{"action":"stop","graceMs":50}"#)
    #expect(try program.finish() == .exited(code: 137))
  }

  @Test func `who stays runs its agent again`() throws {
    let program = try Program.shell("echo hi; exit 3", options: ["--control", "3", "--stay", "--allow", "restart"])
    try program.wait("the first end") { program.states("exited").count == 1 }
    program.control(1, #"{"action":"start"}"#)
    try program.wait("the second end") { program.states("exited").count == 2 }
    program.child.send(signal: SIGTERM)
    #expect(try program.finish() == .exited(code: 3))
    #expect(try program.stream(.stdout) == Array("hi\nhi\n".utf8))
  }
}
