import Foundation
import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

struct ChainTests {
  @Test func `a line goes from a pipe over TLS into the database and comes back`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let tunnel = try world.run(
      "ra-tunnel", ["--title", "a title", "--label", "k=v=w"], input: .bytes(Array("hello\n".utf8)))
    #expect(tunnel.status == 0, "\(tunnel.errors)")
    #expect(try world.raw("stdin") == Array("hello\n".utf8))
    let session = try #require(try world.hubJSON(["sessions"]).array?.first)
    #expect(session["title"]?.string == "a title")
    #expect(session["labels"]?["k"]?.string == "v=w")
    #expect(session["state"]?.string == "ended")
    #expect(session["cursor"]?.integer == 2)
    #expect(session["lines"]?.integer == 1)
  }

  @Test func `what was stored is there after the hub was stopped and started`() throws {
    let world = try World()
    let hub = try world.startHub()
    try world.pair()
    let input = Array("one\ntwo\nlast without a line end".utf8)
    #expect(try world.run("ra-tunnel", ["--session", "mine"], input: .bytes(input)).status == 0)
    hub.signal(SIGTERM)
    #expect(try hub.status() == 0)
    #expect(!FileManager.default.fileExists(atPath: "\(world.data)/hub.json"))
    try world.startHub()
    #expect(try world.raw("stdin") == input)
    #expect(try world.hubJSON(["sessions"]).array?.first?["sessionId"]?.string == "mine")
  }

  @Test func `empty input is a complete session`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    #expect(try world.run("ra-tunnel").status == 0)
    #expect(try world.envelopes().map { $0["payload"]?["state"]?.string } == ["end"])
  }

  @Test func `with --tee the input comes out as it went in, and controls are refused`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let input = Array(repeating: "a line of the build\n", count: 20_000).joined().utf8
    let tunnel = try world.run("ra-tunnel", ["--tee"], input: .bytes(Array(input)))
    #expect(tunnel.status == 0, "\(tunnel.errors)")
    #expect(tunnel.output == Array(input))
    #expect(try world.raw("stdin") == Array(input))
    #expect(try world.hubJSON(["sessions"]).array?.first?["control"]?.bool == false)
  }

  @Test func `with --announce the session's address comes before the controls`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let tunnel = try world.start("ra-tunnel", ["--announce", "--session", "mine"], input: .pipe)
    try tunnel.await("the address") { output, _ in output.contains(0x0A) }
    #expect(try world.run("ra-hub", ["send", "mine", "stop"]).status == 0)
    try tunnel.await("a control") { output, _ in output.count { $0 == 0x0A } == 2 }
    tunnel.closeInput()
    #expect(try tunnel.status() == 0, "\(tunnel.errors)")
    let lines = try tunnel.output.split(separator: 0x0A).map { try JSON(parsing: $0) }
    #expect(lines.map { $0["type"]?.string } == ["hello", "control"])
    let session = try world.hubJSON(["sessions"]).array?.first
    #expect(lines[0]["payload"]?["session"]?["id"] == session?["id"])
    #expect(lines[0]["sessionId"] == "mine")
    let url = lines[0]["payload"]?["session"]?["url"]?.string ?? "none"
    #expect(tunnel.errors == "ra-tunnel: session mine \(url)\n")
    let refused = try world.run("ra-tunnel", ["--tee", "--announce"])
    #expect(refused.status == ExitStatus.usage)
  }

  @Test func `an agent's life, its streams and its status`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let script =
      "\(World.program("ra-spawn")) sh -- -c 'echo out; echo err >&2; exit 7' | \(World.program("ra-tunnel")); echo \"${PIPESTATUS[*]}\""
    let shell = try world.run("bash", ["-c", script])
    #expect(String(decoding: shell.output, as: UTF8.self) == "7 0\n", "\(shell.errors)")
    #expect(try world.raw("stdout") == Array("out\n".utf8))
    #expect(try world.raw("stderr") == Array("err\n".utf8))
    let states = try world.envelopes().compactMap { $0["payload"]?["state"]?.string }
    #expect(states == ["starting", "running", "exited", "end"])
    let session = try #require(try world.hubJSON(["sessions"]).array?.first)
    #expect(session["exit"]?["code"]?.integer == 7)
    #expect(session["agent"]?.string == "sh")
  }

  @Test func `ra-run keeps the agent's status and shows what it says`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let run = try world.run("ra-run", ["sh", "--", "-c", "echo hello; exit 3"])
    #expect(run.status == 3, "\(run.errors)")
    #expect(String(decoding: run.output, as: UTF8.self).contains("hello"))
    #expect(try world.raw("stdout") == Array("hello\n".utf8))
  }

  @Test func `a prompt and a stop from the hub reach the agent, and what became of them is stored`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let run = try world.start(
      "ra-run", ["claude", "--"], environment: try world.exampleAgentEnvironment(), input: .pipe)
    run.write("first\n".utf8)
    try run.await("the first answer") { output, _ in String(decoding: output, as: UTF8.self).contains("ECHO: first") }
    // The agent may answer before the hub has heard of its session.
    try run.await("the session") { _, errors in errors.contains("session ") }
    let sent = try world.run("ra-hub", ["send", "latest", "prompt", "second"])
    #expect(sent.status == 0, "\(sent.errors)")
    try run.await("the second answer") { output, _ in String(decoding: output, as: UTF8.self).contains("ECHO: second") }
    run.closeInput()
    #expect(try run.status() == 0, "\(run.errors)")
    let outcomes = try world.envelopes().compactMap { $0["payload"] }.filter { $0["state"]?.string == "control" }
    #expect(outcomes.map { $0["result"]?.string } == ["applied"])
  }
}
