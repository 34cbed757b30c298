import Foundation
import RemoteAgentCore
import Testing

/// The real claude against a fake model API. RA_LAB names a folder with the shims that `Tests/Lab/agents shims` makes,
/// while `Tests/Lab/agents start` runs.
struct ClaudeTests {
  static let shims: String? = {
    let shims = ProcessInfo.processInfo.environment["RA_LAB"]
    if shims == nil {
      print("skipped: the real claude: RA_LAB is not set (see docs/development.md)")
    }
    return shims
  }()

  private func environment(_ world: World, _ shims: String) -> [String: String] {
    let environment = world.environment()
    return environment.merging(["PATH": "\(shims):\(environment["PATH"] ?? "")"]) { $1 }
  }

  @Test(.enabled(if: shims != nil, "RA_LAB is not set"))
  func `a prompt from a pipe goes to claude, and its answer into the database`() throws {
    let shims = try #require(ClaudeTests.shims)
    let world = try World()
    try world.startHub()
    try world.pair()
    let script = "echo 'say hello' | ra-spawn claude | ra-tunnel; echo \"${PIPESTATUS[*]}\""
    let shell = try world.run("bash", ["-c", script], environment: environment(world, shims), seconds: 120)
    #expect(String(decoding: shell.output, as: UTF8.self) == "0 0 0\n", "\(shell.errors)")
    let output = String(decoding: try world.raw("stdout"), as: UTF8.self)
    #expect(output.contains("ECHO:say hello"))
    let states = try world.envelopes().compactMap { $0["payload"]?["state"]?.string }
    #expect(states.first == "starting")
    #expect(states.suffix(2) == ["exited", "end"])
    #expect(try world.hubJSON(["sessions"]).array?.first?["exit"]?["outcome"]?.string == "ok")
    #expect(world.processes() == ["ra-hub"])
  }

  @Test(.enabled(if: shims != nil, "RA_LAB is not set"))
  func `prompts from a person and from the hub reach claude in order`() throws {
    let shims = try #require(ClaudeTests.shims)
    let world = try World()
    try world.startHub()
    try world.pair()
    let run = try world.start("ra-run", ["claude"], environment: environment(world, shims), input: .pipe)
    run.write("first prompt\n".utf8)
    try run.await("the first answer", seconds: 60) { output, _ in
      String(decoding: output, as: UTF8.self).contains("ECHO:first prompt")
    }
    #expect(try world.run("ra-hub", ["send", "latest", "prompt", "second prompt"]).status == 0)
    try run.await("the second answer", seconds: 60) { output, _ in
      String(decoding: output, as: UTF8.self).contains("ECHO:second prompt")
    }
    run.closeInput()
    #expect(try run.status(seconds: 60) == 0, "\(run.errors)")
    let outcomes = try world.envelopes().compactMap { $0["payload"] }.filter { $0["state"]?.string == "control" }
    #expect(outcomes.map { $0["result"]?.string } == ["applied"])
  }
}
