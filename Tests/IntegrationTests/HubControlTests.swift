import Foundation
import Glibc
import RemoteAgentCore
import Testing

/// Controls that the hub has taken in, through its kill -9.
struct HubControlTests {
  private let world: World
  private let token: String
  private let device: HubRawDevice

  init() throws {
    world = try World()
    try world.startHub(["--http-loopback", "0"])
    token = try world.apiToken()
    device = try HubRawDevice.paired(with: world)
  }

  /// Sends a control as a script does; its number.
  private func send(_ text: String, ttlMs: Int = 3_600_000) throws -> Int64? {
    let answer = try world.get(
      "/api/agents/latest/control", token: token,
      body: "{\"action\":\"prompt\",\"text\":\"\(text)\",\"ttlMs\":\(ttlMs)}")
    #expect(answer.status == 202, "\(answer.body)")
    return try JSON(parsing: Array(answer.body.utf8))["seq"]?.integer
  }

  private func restart() throws {
    try world.killHub()
    try world.startHub(["--http-loopback", "0"])
  }

  /// A new connection of the session, which the device has written controls of up to the cursor.
  private func connect(controlCursor: Int64 = 0) throws -> HubRawStream {
    let stream = try device.stream()
    #expect(try stream.greet(controlCursor: controlCursor) != nil)
    return stream
  }

  /// What became of each control, once that holds.
  private func results(_ isEnough: ([String]) -> Bool) throws -> [String] {
    let deadline = Date(timeIntervalSinceNow: 30)
    while true {
      let answer = try world.get("/api/agents/latest/controls", token: token)
      let items = try JSON(parsing: Array(answer.body.utf8))["items"]?.array ?? []
      let results = items.compactMap { $0["result"]?.string }
      if isEnough(results) { return results }
      try #require(Date() < deadline, "\(results)")
    }
  }

  @Test func `what was accepted while the device was away survives a kill and is sent once`() throws {
    try connect().cut()
    #expect(try send("one") == 1)
    try restart()
    let stream = try connect()
    #expect(try stream.control() == 1)
    try stream.send("{\"type\":\"ack\",\"payload\":{\"cursor\":1}}")
    _ = try results { $0 == ["written"] }
    try restart()
    let next = try connect(controlCursor: 1)
    #expect(try send("two") == 2)
    #expect(try next.control() == 2, "the first is not sent again")
  }

  @Test func `what was sent and not acknowledged is sent again, with its number`() throws {
    let stream = try connect()
    #expect(try send("one") == 1)
    #expect(try send("two") == 2)
    #expect(try stream.control() == 1)
    #expect(try stream.control() == 2)
    try restart()
    let again = try connect(controlCursor: 1)
    #expect(try again.control() == 2)
    #expect(try send("three") == 3)
    #expect(try again.control() == 3)
    #expect(try results { $0.count == 3 }.first == "written", "a hello's cursor is an acknowledgement")
  }

  @Test func `what outlived its time is expired if it was never sent, unknown if it was, and never sent again`() throws
  {
    let stream = try connect()
    #expect(try send("sent", ttlMs: 1_500) == 1)
    #expect(try stream.control() == 1)
    stream.cut()
    try world.awaitState("away")
    #expect(try send("never sent", ttlMs: 1_500) == 2)
    try restart()
    // Who watches the log is told.
    let watcher = try world.start(
      "curl",
      [
        "-sN", "-m", "60", "-H", "Authorization: Bearer \(token)", "-H", "Accept: text/event-stream",
        "\(try world.local())/api/agents/latest/logs",
      ])
    for (seq, result) in [(1, "unknown"), (2, "expired")] {
      try watcher.await("control \(seq)") { output, _ in
        String(decoding: output, as: UTF8.self).split(separator: "\n").contains {
          $0.hasPrefix("data: {\"seq\":\(seq),") && $0.contains("\"result\":\"\(result)\"")
        }
      }
    }
    let again = try connect()
    #expect(try send("new") == 3)
    #expect(try again.control() == 3)
  }

  @Test func `nothing is allowed unnamed: the shell shows what is open, whole, and the command that allows it`() throws
  {
    let stream = try connect()
    let long = String(repeating: "x", count: 5_000)
    let asked =
      #"{"state":"approval","requestId":"-1","tool":"Bash","input":{"command":"ls \u001b[2J\#(long)"},"expiresIn":600}"#
    try stream.send(#"{"type":"status","seq":1,"ts":1,"payload":\#(asked)}"#)
    #expect(try stream.acknowledged(1))
    let other = try world.run("ra-hub", ["send", "latest", "approve", "other"])
    #expect(other.status == 76 && other.errors == "ra-hub: error: no such question is open\n")
    let unnamed = try world.run("ra-hub", ["send", "latest", "approve"])
    #expect(unnamed.status == 76 && unnamed.output.isEmpty)
    let lines = unnamed.errors.split(separator: "\n").map(String.init)
    #expect(lines.first == "ra-hub: error: name the request: one question is open")
    #expect(lines.dropFirst().prefix(2) == ["Bash", #"  command: ls \u001b[2J\#(long)"#])
    let by = try #require(lines.last?.components(separatedBy: "approve it by: ra-hub ").last)
    #expect(by.hasSuffix(" approve -- -1") && !by.contains("latest"))
    let named = try world.run("ra-hub", by.split(separator: " ").map(String.init))
    #expect(named.status == 0, "\(named.errors)")
    #expect(String(decoding: named.output, as: UTF8.self).contains("sent as control 1: approve Bash"))
    #expect(try stream.control() == 1)
  }
}
