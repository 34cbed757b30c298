import Foundation
import RemoteAgentCore
import Testing

/// Agents started on a device by `ra-hub start`, with a hub that is killed at each step.
struct HubStartTests {
  private let world: World
  private let device: HubRawDevice

  init() throws {
    world = try World()
    try world.startHub(["--http-loopback", "0"])
    device = try HubRawDevice.paired(with: world)
  }

  private func restart() throws {
    try world.killHub()
    try world.startHub(["--http-loopback", "0"])
  }

  private func channel(cursor: Int64 = 0) throws -> HubRawStream {
    let stream = try device.stream()
    #expect(try stream.greetChannel(controlCursor: cursor) != nil)
    return stream
  }

  private func start(_ arguments: String...) throws -> String {
    let result = try world.run("ra-hub", ["start", "--device", "raw"] + arguments)
    #expect(result.status == 0, "\(result.errors)")
    return String(decoding: result.output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// The session, as the shell prints it.
  private func session(_ id: String) throws -> JSON? {
    try world.hubJSON(["sessions"]).array?.first { $0["id"]?.string == id }
  }

  private func reach(_ id: String, _ state: String) throws {
    let deadline = Date(timeIntervalSinceNow: 60)
    while try session(id)?["state"]?.string != state {
      try #require(Date() < deadline, "the session does not become \(state)")
    }
  }

  @Test func `a start is carried out once and becomes its session, through a kill at each step`() throws {
    // The device was here once.
    try channel().cut()
    let id = try start("--cwd", "/work", "--prompt", "go", "--title", "a title", "claude", "--", "-v")
    #expect(try session(id)?["state"]?.string == "starting")
    try restart()
    #expect(try session(id)?["state"]?.string == "starting")
    let first = try channel()
    let control = try #require(try first.next("control"))
    #expect(control["sessionId"]?.string == id && control["args"]?.text == #"["-v"]"#)
    #expect(control["cwd"]?.string == "/work" && control["prompt"]?.string == "go")
    try restart()
    // Not noted on the device: it comes again, with its number.
    let second = try channel()
    #expect(try second.control() == 1)
    try second.send(#"{"type":"ack","payload":{"cursor":1}}"#)
    try second.send(#"{"type":"status","payload":{"state":"control","seq":1,"result":"applied"}}"#)
    try second.send(#"{"type":"ping","payload":{"t":1}}"#)
    #expect(try second.next("pong") != nil)
    try restart()
    // The next one follows it: nothing is sent twice.
    let third = try channel(cursor: 1)
    let other = try start("claude")
    #expect(try third.control() == 2)
    let stream = try device.stream()
    #expect(try stream.greet(session: id)?["session"]?["id"]?.string == id)
    try reach(id, "live")
    try stream.send(HubRawStream.line(1))
    #expect(try stream.acknowledged(1))
    try restart()
    try reach(id, "away")
    #expect(try session(id)?["title"]?.string == "a title")
    #expect(try session(other)?["state"]?.string == "starting")
  }

  @Test func `a start that is refused shows so, and why`() throws {
    let channel = try channel()
    let id = try start("rm")
    _ = try channel.control()
    try channel.send(
      #"{"type":"status","payload":{"state":"control","seq":1,"result":"refused","reason":"rm may not be started"}}"#)
    try reach(id, "ended")
    let text = try world.run("ra-hub", ["sessions"])
    #expect(String(decoding: text.output, as: UTF8.self).contains(" ended  raw     0      error  rm"))
    let log = try world.run("ra-hub", ["logs", id])
    #expect(log.status == 0 && log.output == [])
    #expect(log.errors == "ra-hub: its agent was not started: refused: rm may not be started\n")
    let token = try world.apiToken()
    let controls = try world.get("/api/agents/\(id)/controls", token: token).body
    #expect(controls.contains(#""result":"refused","reason":"rm may not be started""#))
  }

  @Test func `the shell says why nothing is started, and where agents can be`() throws {
    let never = try world.run("ra-hub", ["start", "--device", "raw", "claude"])
    #expect(never.status == 76 && never.errors.contains("nothing can be started on this device"))
    let unknown = try world.run("ra-hub", ["start", "--device", "nobody", "claude"])
    #expect(unknown.status == 65 && unknown.errors.contains("there is no such device"))
    let own = try world.run("ra-hub", ["start", "claude"])
    #expect(own.status == 65 && own.errors.contains("--local-agents"))
    #expect(try world.hubJSON(["devices"]).array?.first?["starts"]?.string == "no")
    let channel = try channel()
    #expect(try world.hubJSON(["devices"]).array?.first?["starts"]?.string == "ready")
    let list = String(decoding: try world.run("ra-hub", ["devices"]).output, as: UTF8.self)
    #expect(list.contains("STARTS") && list.contains("ready") && list.contains(" now "))
    channel.cut()
  }
}
