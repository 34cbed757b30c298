import Foundation
import Glibc
import RemoteAgentCore
import Testing

struct FlowTests {
  @Test func `a reader that never reads the controls does not stop the upstream`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let tunnel = try world.start("ra-tunnel", ["--control", "on", "--text"], input: .pipe, output: .stalled)
    try tunnel.await("session") { _, errors in errors.contains("session ") }
    // As many as may be unacknowledged, and the few that a pipe holds (64 KiB).
    let text = String(repeating: "x", count: 12_000)
    var accepted = 0
    while accepted < 200, try world.run("ra-hub", ["send", "latest", "prompt", text]).status == 0 { accepted += 1 }
    #expect((60...80).contains(accepted), "the hub refuses at its bound: \(accepted)")
    let input = DeliveryTests.lines(count: 40_000, bytes: 10_000_000)
    tunnel.write(input)
    tunnel.closeInput()
    #expect(try tunnel.status(seconds: 120) == 0, "\(tunnel.errors)")
    let identical = try world.raw("stdin") == input
    #expect(identical)
  }

  @Test func `a flood of controls with the window shut does not stop the acknowledgements`() throws {
    let world = try World()
    try world.startHub(["--window", "1"])
    try world.pair()
    let tunnel = try world.start("ra-tunnel", ["--control", "on", "--text"], input: .pipe)
    try tunnel.await("session") { _, errors in errors.contains("session ") }
    let input = Array(String(repeating: "line\n", count: 2_000).utf8)
    let writer = Thread.start {
      tunnel.write(input)
      tunnel.closeInput()
    }
    var accepted: [Int64] = []
    for index in 0..<40 {
      let sent = try world.run("ra-hub", ["send", "latest", "prompt", "\(index)", "--json"])
      if sent.status == 0, let seq = try JSON(parsing: sent.output)["seq"]?.integer { accepted.append(seq) }
    }
    writer.join()
    #expect(try tunnel.status(seconds: 120) == 0, "\(tunnel.errors)")
    #expect(try world.raw("stdin") == input)
    #expect(!accepted.isEmpty)
    let lines = tunnel.output.split(separator: 0x0A).map { Array($0) }
    let written = try lines.map { line in try JSON(parsing: line)["seq"]?.integer }
    #expect(Array(accepted.prefix(written.count)) == written.compactMap { $0 }, "each once, in order")
    #expect(!written.isEmpty)
  }

  @Test func `a connection older than its token renews it and goes on`() throws {
    let world = try World()
    try world.startHub(["--session-token-life", "2"])
    try world.pair()
    let tunnel = try world.start("ra-tunnel", ["--text"], input: .pipe)
    try tunnel.await("session") { _, errors in errors.contains("session ") }
    var input: [UInt8] = []
    let start = Date()
    var index: Int64 = 0
    // Three lives of a token, each line sent when the last one is stored.
    while Date().timeIntervalSince(start) < 6.5 {
      index += 1
      let line = Array("line \(index)\n".utf8)
      input += line
      tunnel.write(line)
      try world.awaitCursor(above: index - 1)
    }
    tunnel.closeInput()
    #expect(try tunnel.status() == 0, "\(tunnel.errors)")
    #expect(try world.raw("stdin") == input)
    #expect(!tunnel.errors.contains("trying again"), "one connection: \(tunnel.errors)")
  }

  @Test func `the first line of an idle stream is stored before the second is written`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let tunnel = try world.start("ra-tunnel", ["--text"], input: .pipe)
    for index in 1...5 {
      tunnel.write("line \(index)\n".utf8)
      try world.awaitCursor(above: Int64(index) - 1)
    }
    tunnel.closeInput()
    #expect(try tunnel.status() == 0, "\(tunnel.errors)")
  }

  @Test func `SIGTERM lets the input end and loses nothing of it`() throws {
    let world = try World()
    try world.startHub()
    try world.pair()
    let tunnel = try world.start("ra-tunnel", ["--text"], input: .pipe)
    try tunnel.await("session") { _, errors in errors.contains("session ") }
    tunnel.signal(SIGTERM)
    tunnel.write("after the signal\n".utf8)
    try world.awaitCursor(above: 0)
    tunnel.closeInput()
    #expect(try tunnel.status() == 0, "\(tunnel.errors)")
    #expect(try world.raw("stdin") == Array("after the signal\n".utf8))
  }
}
