import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// `ra-tunnel --check` with a real hub.
struct WireCheckTests {
  private static let steps = ["pairing", "dns", "tcp", "tls", "token", "stream", "acknowledgement"]

  private func check(_ world: World, _ arguments: [String] = [], input: Child.Input = .null) throws
    -> (status: Int32, json: JSON, errors: String)
  {
    let result = try world.run("ra-tunnel", ["--check", "--json"] + arguments, input: input)
    #expect(result.output.last == 0x0A && result.output.filter { $0 == 0x0A }.count == 1)
    let json = try JSON(parsing: result.output)
    #expect(json["exitStatus"]?.integer == Int64(result.status))
    #expect(json["ok"]?.bool == (result.status == 0))
    return (result.status, json, result.errors)
  }

  private func results(_ json: JSON) -> [String?] { (json["steps"]?.array ?? []).map { $0["result"]?.string } }

  /// That the step failed, those before it were passed and those after it were not tried, and that it is told why.
  private func expect(
    _ check: (status: Int32, json: JSON, errors: String), status: Int32, failed step: String, _ words: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    #expect(check.status == status, "\(check.errors)", sourceLocation: sourceLocation)
    let steps = check.json["steps"]?.array ?? []
    #expect(steps.map { $0["step"]?.string } == WireCheckTests.steps, sourceLocation: sourceLocation)
    let place = try #require(steps.firstIndex { $0["step"]?.string == step }, sourceLocation: sourceLocation)
    #expect(
      results(check.json)
        == steps.indices.map { $0 < place ? "ok" : $0 == place ? "failed" : "not tried" },
      sourceLocation: sourceLocation)
    for (index, entry) in steps.enumerated() {
      #expect((entry["ms"]?.integer != nil) == (index <= place), sourceLocation: sourceLocation)
    }
    let error = try #require(steps[place]["error"]?.string, sourceLocation: sourceLocation)
    #expect(error.contains(words), sourceLocation: sourceLocation)
    #expect(check.errors.contains("ra-tunnel: error: \(error)\n"), sourceLocation: sourceLocation)
  }

  @Test func `all is well: status 0, and the hub has a session with its end and nothing else`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    // A standard input that never ends is not waited for.
    let checked = try check(world, input: .pipe)
    #expect(checked.status == 0, "\(checked.errors)")
    #expect(checked.errors.isEmpty)
    #expect(results(checked.json) == WireCheckTests.steps.map { _ in "ok" })
    #expect((checked.json["steps"]?.array ?? []).allSatisfy { ($0["ms"]?.integer ?? -1) >= 0 })
    #expect(try checked.json["hub"]?.string == world.hubFile()["url"]?.string)
    let sessions = try world.hubJSON(["sessions"]).array ?? []
    #expect(sessions.count == 1)
    #expect(sessions.first?["sessionId"]?.string == checked.json["session"]?.string)
    #expect(sessions.first?["sessionId"]?.string?.hasPrefix("check-") == true)
    #expect(sessions.first?["title"]?.string == "ra-tunnel --check")
    #expect(sessions.first?["state"]?.string == "ended")
    #expect(sessions.first?["control"]?.bool == false)
    let envelopes = try world.envelopes()
    #expect(envelopes.map { $0["payload"]?["state"]?.string } == ["end"])
  }

  @Test func `the table`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let result = try world.run("ra-tunnel", ["--check"])
    #expect(result.status == 0, "\(result.errors)")
    let lines = String(decoding: result.output, as: UTF8.self).split(separator: "\n").map { $0.split(separator: " ") }
    #expect(lines.map(\.first) == ["pairing", "DNS", "TCP", "TLS", "token", "stream", "acknowledgement"])
    #expect(lines.allSatisfy { $0.count == 4 && $0[1] == "ok" && Int($0[2]) != nil && $0[3] == "ms" })
  }

  @Test func `a device that is not paired`() throws {
    let world = try World()
    let checked = try check(world)
    try expect(checked, status: ExitStatus.notPaired, failed: "pairing", "not paired")
    #expect(checked.errors.contains("hint"))
  }

  @Test func `a hub that is gone, one that says nothing, and one that is not the hub`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let wrong = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    try expect(check(world, ["--pin", wrong]), status: ExitStatus.refused, failed: "tls", "pin")
    world.hub?.signal(SIGSTOP)
    try expect(check(world), status: ExitStatus.unreachable, failed: "tls", "no answer for 10 s")
    try world.killHub()
    try expect(check(world), status: ExitStatus.unreachable, failed: "tcp", "refused")
  }

  @Test func `a revoked device`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let device = try #require(try world.hubJSON(["devices"]).array?.first?["clientId"]?.string)
    #expect(try world.run("ra-hub", ["revoke", device]).status == 0)
    try expect(check(world), status: ExitStatus.notPaired, failed: "token", "revoked")
  }

  @Test func `a proxy that can't be used is told as such`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let result = try world.run("ra-tunnel", ["--check"], environment: world.environment(["HTTPS_PROXY": "socks5://x"]))
    #expect(result.status == ExitStatus.usage)
    #expect(String(decoding: result.output, as: UTF8.self).contains("\nproxy           failed"))
    #expect(result.errors.contains("ra-tunnel: error: HTTPS_PROXY: "))
  }

  @Test func `options that make no sense together`() throws {
    let world = try World()
    for arguments in [["--json"], ["--check", "--tee"], ["--check", "--session", "s"], ["--check", "--title", "t"]] {
      #expect(try world.run("ra-tunnel", arguments).status == ExitStatus.usage)
    }
  }
}
