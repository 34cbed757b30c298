import Foundation
import Glibc
import RemoteAgentCore
import Testing

/// ra-run as a person has it: at a terminal, with a hub whose people send prompts too.
@Suite(.serialized) struct TerminalTests {
  private func start(_ world: World, _ arguments: [String] = ["claude"], output: String? = nil) throws -> Terminal {
    try world.startHub()
    try world.pair()
    let terminal = try Terminal(
      World.program("ra-run"), arguments, environment: try world.exampleAgentEnvironment(), output: output)
    try terminal.await("ra-spawn: type a prompt; Ctrl-D ")
    try terminal.await("ra-tunnel: session ")
    return terminal
  }

  private func send(_ world: World, _ arguments: [String]) throws {
    let sent = try world.run("ra-hub", ["send", "latest"] + arguments)
    #expect(sent.status == 0, "\(sent.errors)")
  }

  private func state(_ world: World) throws -> String? {
    try world.hubJSON(["sessions"]).array?.first?["state"]?.string
  }

  /// The parts of a turn of the example agent that repeat its prompt.
  private func repeated(_ text: String, on terminal: Terminal) -> [String] {
    terminal.lines.filter { $0.contains(text) && !$0.contains("ECHO") }
  }

  @Test func `a typed prompt stands there once, one from the hub is shown with where it came from`() throws {
    let world = try World()
    let terminal = try start(world)
    defer { terminal.end() }
    terminal.type("hello\n")
    try terminal.await("ECHO: hello")
    try terminal.await("[done: ")
    #expect(repeated("hello", on: terminal) == ["hello"])
    try send(world, ["prompt", "from there"])
    try terminal.await("ECHO: from there")
    #expect(repeated("from there", on: terminal) == ["> from there (from the hub)"])
    terminal.type("\u{4}")
    #expect(try terminal.status() == 0)
    #expect(world.processes() == ["ra-hub"])
    #expect(terminal.lines.count { $0.contains("type a prompt") } == 1)
  }

  @Test func `where the text goes elsewhere, typed prompts are in it`() throws {
    let world = try World()
    let output = "\(world.folder)/output"
    let terminal = try start(world, output: output)
    defer { terminal.end() }
    terminal.type("hello\n\u{4}")
    #expect(try terminal.status() == 0)
    let text = try String(contentsOfFile: output, encoding: .utf8)
    #expect(text.hasPrefix("> hello\nECHO: hello\n[done: "))
  }

  @Test func `a prompt from the hub takes nothing of a line that is being typed`() throws {
    let world = try World()
    let terminal = try start(world)
    defer { terminal.end() }
    terminal.type("half a ")
    try terminal.await("half a ")
    try send(world, ["prompt", "from there"])
    try terminal.await("[done: ")
    terminal.type("line\n")
    try terminal.await("ECHO: half a line")
    // Ctrl-D in the middle of a line gives what is there, and once more ends.
    terminal.type("no end of line\u{4}\u{4}")
    try terminal.await("ECHO: no end of line")
    #expect(try terminal.status() == 0)
  }

  @Test func `Ctrl-C ends the turn, the agent and all that it started, and the hub has it all`() throws {
    let world = try World()
    let terminal = try start(world, ["--stay", "claude"])
    defer { terminal.end() }
    terminal.type("tool:trap '' INT TERM; echo up >\(world.folder)/up; sleep 1000 & sleep 1001\n")
    try terminal.await("[Bash] ")
    while !FileManager.default.fileExists(atPath: "\(world.folder)/up") { usleep(1000) }
    terminal.type("\u{3}")
    // The agent's own status is 0 after SIGINT, as claude's; but its turn was an error.
    #expect(try terminal.status() == 1)
    #expect(world.processes() == ["ra-hub"])
    #expect(try state(world) == "ended")
    let states = try world.envelopes().compactMap { $0["payload"]?["state"]?.string }
    #expect(states.suffix(3) == ["turn", "exited", "end"])
  }

  @Test func `Ctrl-Z stops it, and fg goes on`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let environment = try world.exampleAgentEnvironment().merging(["PS1": "$ "]) { $1 }
    let terminal = try Terminal("/bin/sh", ["-i"], environment: environment)
    defer { terminal.end() }
    terminal.type("ra-run claude\n")
    try terminal.await("type a prompt")
    try terminal.await("ra-tunnel: session ")
    terminal.type("\u{1A}")
    try terminal.await("Stopped")
    try send(world, ["prompt", "meanwhile"])
    terminal.type("fg\n")
    try terminal.await("ECHO: meanwhile")
    terminal.type("hello\n")
    try terminal.await("ECHO: hello")
    terminal.type("\u{4}")
    try terminal.await("the shell's next prompt") { $0.last == "$ " }
    terminal.type("echo status $?; exit\n")
    try terminal.await("status 0")
    #expect(try terminal.status() == 0)
    #expect(world.processes() == ["ra-hub"])
  }

  @Test func `Ctrl-D lets the turn end, and what waits have its turn`() throws {
    let world = try World()
    let terminal = try start(world)
    defer { terminal.end() }
    terminal.type("slow:1\n")
    try terminal.await("tick 1 of 1")
    terminal.type("second\n\u{4}")
    try terminal.await("ra-spawn: it ends after the last turn")
    #expect(try terminal.status() == 0)
    #expect(terminal.lines.contains("ECHO: second"))
    #expect(terminal.lines.count { $0.hasPrefix("[done: ") } == 2)
  }

  @Test func `with --stay Ctrl-D leaves it to the hub, and says where`() throws {
    let world = try World()
    let terminal = try start(world, ["--stay", "--allow", "restart", "claude"])
    defer { terminal.end() }
    let page = try #require(
      terminal.lines.first { $0.contains("ra-tunnel: session ") }?.split(separator: " ").last.map(String.init))
    #expect(page.hasPrefix("https://127.0.0.1:"))
    terminal.type("\u{4}")
    try terminal.await("ra-spawn: waiting for prompts from \(page); Ctrl-C ends")
    try send(world, ["prompt", "from there"])
    try terminal.await("ECHO: from there")
    try send(world, ["stop"])
    try terminal.await("ra-spawn: the agent has ended; waiting for \(page) to start it again; Ctrl-C ends")
    terminal.type("\u{3}")
    // The agent had nothing to do when it was stopped, and ended well.
    #expect(try terminal.status() == 0)
    #expect(terminal.lines.count { $0.contains("waiting for prompts") } == 1)
    #expect(try state(world) == "ended")
  }

  @Test func `prompts of both that come while the agent is busy have their turns in order`() throws {
    let world = try World()
    let terminal = try start(world)
    defer { terminal.end() }
    terminal.type("slow:2\n")
    try terminal.await("tick 1 of 2")
    terminal.type("second\n")
    try send(world, ["prompt", "third"])
    try terminal.await("ECHO: third")
    terminal.type("\u{4}")
    #expect(try terminal.status() == 0)
    let turns = terminal.lines.filter { $0.hasPrefix("> ") || $0.hasPrefix("ECHO") || $0.hasPrefix("[done") }
    // What had to wait is shown when its turn comes. The typed line and the hub's come by two ways: either may be the first.
    let typed = ["> second", "ECHO: second", "[done"]
    let sent = ["> third (from the hub)", "ECHO: third", "[done"]
    let isExpected = [typed + sent, sent + typed].contains { waiting in
      turns.count == waiting.count + 1 && zip(turns, ["[done"] + waiting).allSatisfy { $0.hasPrefix($1) }
    }
    #expect(isExpected, "\(turns)")
  }

  /// Bash sends its jobs SIGHUP once more than the terminal does.
  @Test(arguments: [["/bin/sh"], ["/bin/bash", "--norc", "--noprofile", "--noediting"]])
  func `a window that is closed ends the agent, and the hub has it all`(shell: [String]) throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let terminal = try Terminal(
      shell[0], shell.dropFirst() + ["-i"], environment: try world.exampleAgentEnvironment())
    defer { terminal.end() }
    terminal.type("ra-run claude\n")
    try terminal.await("ra-tunnel: session ")
    terminal.type("slow:100\n")
    try terminal.await("tick 1 of 100")
    terminal.hangUp()
    _ = try terminal.status()
    try world.awaitProcesses(["ra-hub"])
    #expect(try state(world) == "ended")
    let states = try world.envelopes().compactMap { $0["payload"]?["state"]?.string }
    #expect(states.suffix(2) == ["exited", "end"])
  }
}
