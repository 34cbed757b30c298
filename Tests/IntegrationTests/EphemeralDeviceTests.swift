import Foundation
import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// Devices that end by themselves, and devices that somebody ends, with the real programs.
struct EphemeralDeviceTests {
  private func world(_ options: [String]) throws -> World {
    let world = try World()
    try world.startHub()
    let code = try world.hubJSON(["code", "--ephemeral", "--label", "ci"] + options)
    let paired = try world.run(
      "ra-pair",
      [
        "--hub", code["url"]?.string ?? "", "--ca", code["ca"]?.string ?? "", "--label", "own",
        code["code"]?.string ?? "",
      ])
    try #require(paired.status == 0, "\(paired.errors)")
    return world
  }

  /// Waits until the world's one device is in that state.
  private func awaitDevice(_ state: String, in world: World) throws -> JSON {
    let deadline = Date(timeIntervalSinceNow: 60)
    while true {
      let device = try #require(try world.hubJSON(["devices"]).array?.first)
      if device["state"]?.string == state { return device }
      try #require(Date() < deadline, "\(device.text)")
    }
  }

  /// Waits until something of the session is stored.
  private func awaitLine(of session: String, in world: World) throws {
    let deadline = Date(timeIntervalSinceNow: 60)
    while try world.raw("stdin", session).isEmpty { try #require(Date() < deadline, "nothing is stored") }
  }

  /// A ra-tunnel whose session is open and whose input is the test's.
  private func tunnel(_ world: World, _ arguments: [String] = []) throws -> Child {
    let tunnel = try world.start("ra-tunnel", arguments, input: .pipe)
    try tunnel.await("session") { _, errors in errors.contains("session ") }
    return tunnel
  }

  @Test func `an ephemeral device streams its one session, has finished, and is refused with the reason`() throws {
    let world = try world([])
    let input = Array("one\ntwo\n".utf8)
    let carried = try world.run("ra-tunnel", ["--session", "job"], input: .bytes(input))
    #expect(carried.status == 0, "\(carried.errors)")
    let device = try awaitDevice("finished", in: world)
    #expect(device["label"]?.string == "ci" && device["kind"]?.string == "ephemeral")
    #expect(device["version"]?.string?.hasPrefix("ra-tunnel/") == true)
    #expect(device["sessions"]?.integer == 1 && device["live"]?.integer == 0)
    let refused = try world.run("ra-tunnel", input: .bytes(input))
    #expect(refused.status == ExitStatus.notPaired)
    #expect(refused.errors.contains("this device has finished"), "\(refused.errors)")
    #expect(try world.raw("stdin", "job") == input)
  }

  @Test func `a session more than it may open ends with 77, and those it has go on`() throws {
    let world = try world(["--sessions", "1"])
    let first = try tunnel(world, ["--session", "job"])
    let second = try world.run("ra-tunnel", input: .bytes([0x0A]))
    #expect(second.status == ExitStatus.notPaired)
    #expect(second.errors.contains("this device may open no further session"), "\(second.errors)")
    first.write("a line\n".utf8)
    first.closeInput()
    #expect(try first.status() == 0, "\(first.errors)")
    _ = try awaitDevice("finished", in: world)
  }

  @Test func `a device that expires while it streams ends with 77, and what it sent stays`() throws {
    let world = try world(["--ttl", "3s"])
    let tunnel = try tunnel(world, ["--session", "job"])
    tunnel.write("a line\n".utf8)
    #expect(try tunnel.status() == ExitStatus.notPaired)
    #expect(tunnel.errors.contains("this device has expired"), "\(tunnel.errors)")
    #expect(try awaitDevice("expired", in: world)["revokedAt"]?.integer != nil)
    #expect(String(decoding: try world.raw("stdin", "job"), as: UTF8.self) == "a line\n")
  }

  @Test func `a session that was killed is resumed by the device that has no other`() throws {
    let world = try world([])
    let tunnel = try tunnel(world, ["--session", "job"])
    tunnel.write("a line\n".utf8)
    try awaitLine(of: "job", in: world)
    tunnel.signal(SIGKILL)
    _ = try tunnel.status()
    #expect(try world.run("ra-tunnel", ["--drain"]).status == 0)
    _ = try awaitDevice("finished", in: world)
  }

  @Test func `revoking ends all that the device runs, wherever it is`() throws {
    let world = try World()
    try world.startHub(["--http-loopback", "0"])
    try world.pair()
    let tunnels = try (0..<3).map { try tunnel(world, ["--session", "s\($0)"]) }
    tunnels[0].write("a line\n".utf8)
    try awaitLine(of: "s0", in: world)
    let raw = try HubRawDevice.paired(with: world)
    let (silent, greeted) = (try raw.stream(), try raw.stream())
    _ = try greeted.greet()
    for device in try #require(try world.hubJSON(["devices"]).array) {
      #expect(try world.run("ra-hub", ["revoke", device["clientId"]?.string ?? ""]).status == 0)
    }
    // Whoever would be forgotten would go on (the tunnels), or be closed later with another number (the silent one).
    for tunnel in tunnels {
      #expect(try tunnel.status(seconds: 5) == ExitStatus.notPaired, "\(tunnel.errors)")
      #expect(tunnel.errors.contains("this device was revoked"), "\(tunnel.errors)")
    }
    for stream in [silent, greeted] {
      while try stream.next() != nil {}
      #expect(stream.closeCode == 4403)
    }
    #expect(try world.hubJSON(["devices"]).array?.map { $0["state"]?.string } == ["revoked", "revoked"])
    #expect(String(decoding: try world.raw("stdin", "s0"), as: UTF8.self) == "a line\n")
  }

  @Test func `a stream that is followed ends when its token is revoked`() throws {
    let world = try World()
    try world.startHub(["--http-loopback", "0"])
    let token = try world.apiToken()
    let follower = try world.start(
      "curl", ["-sSN", "-m", "60", "-H", "Authorization: Bearer \(token)", try world.local() + "/api/agents/stream"])
    try follower.await("stream") { output, _ in output.contains(UInt8(ascii: ":")) }
    let id = try #require(try world.hubJSON(["token", "list"]).array?.first?["id"]?.string)
    #expect(try world.run("ra-hub", ["token", "revoke", id]).status == 0)
    // It would be silent for 15 s at least before the hub looked.
    _ = try follower.status(seconds: 8)
  }

  @Test(arguments: [
    ["--ttl", "1h"], ["--sessions", "1"], ["--ephemeral", "--ttl", "0s"], ["--ephemeral", "--ttl", "31d"],
    ["--ephemeral", "--ttl", "1"], ["--ephemeral", "--ttl", "1.5h"], ["--ephemeral", "--sessions", "0"],
    ["--ephemeral", "--sessions", "1001"], ["--label", ""], ["--label", "a\nb"],
  ])
  func `64: terms that are none`(arguments: [String]) throws {
    let result = try World().run("ra-hub", ["code"] + arguments)
    #expect(result.status == ExitStatus.usage, "\(result.errors)")
  }
}
