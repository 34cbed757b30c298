import Foundation
import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// Every exit status of ra-tunnel's page, and the last line that goes with it.
struct ExitStatusTests {
  private func paired(hubStays: Bool = true) throws -> World {
    let world = try World()
    try world.startHub()
    try world.pair()
    if !hubStays { try world.killHub() }
    return world
  }

  private func expect(
    _ result: (status: Int32, output: [UInt8], errors: String), _ status: Int32, _ words: String...,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(result.status == status, "\(result.errors)", sourceLocation: sourceLocation)
    let last = result.errors.split(separator: "\n").last.map(String.init) ?? ""
    for word in words {
      #expect(last.contains(word), "\(result.errors)", sourceLocation: sourceLocation)
    }
  }

  private let line: Child.Input = .bytes(Array("a line\n".utf8))

  @Test func `0: all of it is stored`() throws {
    expect(try paired().run("ra-tunnel", ["--session", "zero"], input: line), 0, "ra-tunnel: session zero https://")
  }

  @Test(arguments: [
    ["--session", "/"], ["--resume", "x", "--session", "y"], ["--append"], ["--drain", "--session", "x"],
    ["--no-spool", "--fsync"], ["--spool-limit", "1K"], ["--spool-limit", "much"], ["--on-full", "what"],
    ["--events", "77"], ["--flush-timeout", "-1"],
  ])
  func `64: a wrong command line`(arguments: [String]) throws {
    expect(try paired().run("ra-tunnel", arguments, input: line), ExitStatus.usage)
  }

  @Test func `65: not the file that the session was read from, or a shorter one`() throws {
    let world = try paired(hubStays: false)
    let path = try world.write([UInt8](repeating: UInt8(ascii: "\n"), count: 200_000), to: "input")
    let tunnel = try world.start("bash", ["-c", "exec ra-tunnel --session r --spool-limit 1M <\(path)"])
    try tunnel.await("full spool") { _, errors in errors.contains("the input waits") }
    tunnel.signal(SIGKILL)
    _ = try tunnel.status(seconds: 10)
    let other = try world.write(Array("other\n".utf8), to: "other")
    let resume = "exec ra-tunnel --resume r --flush-timeout 1 <"
    expect(try world.run("bash", ["-c", resume + other]), ExitStatus.badInput, "not the file")
    #expect(truncate(path, 5) == 0)
    expect(try world.run("bash", ["-c", resume + path]), ExitStatus.badInput, "shorter")
  }

  @Test func `66: no input, or nothing to resume`() throws {
    let world = try paired()
    let folder = try world.run("bash", ["-c", "ra-tunnel </"])
    expect(folder, ExitStatus.noInput, "nothing of the input was taken in")
    #expect(folder.errors.contains("error: reading standard input: Is a directory"))
    expect(try world.run("ra-tunnel", ["--resume", "none"], input: line), ExitStatus.noInput, "none: nothing is left")
    let spool = try FileManager.default.contentsOfDirectory(atPath: "\(world.folder)/device/spool")
    #expect(spool.isEmpty, "nothing is left behind")
  }

  @Test func `an input that can't be read takes nothing from what is left`() throws {
    let world = try paired(hubStays: false)
    let input = [UInt8](repeating: UInt8(ascii: "\n"), count: 200_000)
    _ = try world.run(
      "ra-tunnel", ["--session", "kept", "--spool-limit", "1M", "--on-full", "fail"], input: .bytes(input))
    let result = try world.run("bash", ["-c", "ra-tunnel --resume kept --flush-timeout 1 </"])
    expect(result, ExitStatus.noInput, "are safe in", "--resume kept")
    try world.startHub()
    #expect(try world.run("ra-tunnel", ["--drain"]).status == 0)
    let stored = try world.raw("stdin", "kept")
    #expect(stored.count > 1000 && stored == Array(input.prefix(stored.count)))
  }

  @Test func `twenty at once, over and over, are not in each other's way`() throws {
    let world = try paired()
    for round in 1...3 {
      let script = """
        for n in $(seq 20); do { echo $n | ra-tunnel --session r\(round)-$n 2>/dev/null || echo "$n: $?"; } & done; wait
        """
      let result = try world.run("bash", ["-c", script], seconds: 120)
      #expect(result.output.isEmpty, "\(String(decoding: result.output, as: UTF8.self))")
    }
    #expect(try world.hubJSON(["sessions"]).array?.count == 60)
  }

  @Test func `69: the hub is away, and nothing was taken in`() throws {
    let world = try paired(hubStays: false)
    expect(
      try world.run("ra-tunnel", ["--flush-timeout", "1"]), ExitStatus.unreachable, "nothing of the input was taken in")
    expect(
      try world.run("ra-tunnel", ["--flush-timeout", "1", "--no-spool"], input: line), ExitStatus.unreachable,
      "nothing of the input was read")
  }

  @Test func `73: the spool can't be made, or is another's`() throws {
    let world = try paired(hubStays: false)
    _ = try world.run("ra-tunnel", ["--session", "s", "--flush-timeout", "1"], input: line)
    expect(try world.run("ra-tunnel", ["--session", "s"], input: line), ExitStatus.cannotCreate, "--resume s")
    var environment = world.environment()
    environment["REMOTE_AGENT_CLIENT_HOME"] = nil
    let elsewhere = "\(world.folder)/.config/remote-agent-client"
    try FileManager.default.createDirectory(
      atPath: "\(world.folder)/.config", withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: "\(world.folder)/device", toPath: elsewhere)
    environment["XDG_STATE_HOME"] = "/dev/null"
    expect(
      try world.run("ra-tunnel", environment: environment, input: line), ExitStatus.cannotCreate,
      "REMOTE_AGENT_CLIENT_HOME names a folder")
  }

  @Test func `74: lines are lost`() throws {
    let world = try paired(hubStays: false)
    let input = [UInt8](repeating: UInt8(ascii: "\n"), count: 200_000)
    expect(
      try world.run("ra-tunnel", ["--spool-limit", "1M", "--on-full", "fail"], input: .bytes(input)), ExitStatus.lost,
      "are safe in", "--resume")
  }

  @Test func `75: not delivered, and safe`() throws {
    let world = try paired(hubStays: false)
    expect(
      try world.run("ra-tunnel", ["--session", "s", "--flush-timeout", "1"], input: line), ExitStatus.undelivered,
      "2 lines (", " bytes) are safe in \(world.folder)/device/spool/", "ra-tunnel --drain delivers them")
  }

  @Test func `76: refused`() throws {
    let world = try paired()
    let pin = "sha256//" + String(repeating: "A", count: 43) + "="
    expect(try world.run("ra-tunnel", ["--pin", pin], input: line), ExitStatus.refused)
    #expect(try world.run("ra-tunnel", ["--session", "s"], input: line).status == 0)
    expect(
      try world.run("ra-tunnel", ["--session", "s"], input: line), ExitStatus.refused, "are safe in",
      "delivers them")
  }

  @Test func `77: not paired, or revoked`() throws {
    let world = try World()
    expect(try world.run("ra-tunnel", input: line), ExitStatus.notPaired, "ra-pair --hub URL CODE")
  }

  @Test func `78: the settings can't be used`() throws {
    let world = try paired()
    let path = "\(world.folder)/device/config.json"
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    expect(try world.run("ra-tunnel", input: line), ExitStatus.configuration, "chmod 600")
  }

  @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
  func `128 + n: a second signal ends it, and what it took in is safe`(signal: Int32) throws {
    let world = try paired(hubStays: false)
    let tunnel = try world.start("ra-tunnel", ["--session", "s"], input: .pipe)
    tunnel.write("a line\n".utf8)
    try tunnel.await("attempt") { _, errors in errors.contains("trying again") }
    tunnel.signal(signal)
    try tunnel.await("note") { _, errors in errors.contains("once more") }
    // Signals that come within 200 ms are one.
    usleep(300_000)
    tunnel.signal(signal)
    let status = try tunnel.status()
    expect((status, [], tunnel.errors), 128 + signal, "1 line (", "ra-tunnel --resume s delivers them")
    try world.startHub()
    #expect(try world.run("ra-tunnel", ["--drain"]).status == 0)
    #expect(String(decoding: try world.raw("stdin", "s"), as: UTF8.self) == "a line\n")
  }
}
