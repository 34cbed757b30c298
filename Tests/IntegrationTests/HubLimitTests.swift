import Foundation
import Glibc
import RemoteAgentCore
import Testing

/// A session's quota and the heartbeat, on the command line and on the wire.
struct HubLimitTests {
  @Test func `a session stays within its quota, and no other is touched by it`() throws {
    let world = try World()
    try world.startHub(["--session-quota", "4K"])
    let device = try HubRawDevice.paired(with: world)
    let other = try device.stream()
    #expect(try other.greet(session: "other") != nil)
    let stream = try device.stream()
    #expect(try stream.greet(session: "large") != nil)
    let text = String(repeating: "x", count: 1_000)
    for seq in Int64(1)...3 { try stream.send(HubRawStream.line(seq, text)) }
    #expect(try stream.acknowledged(3))
    try stream.send(HubRawStream.line(4, "y"), HubRawStream.line(5, text))
    #expect(try stream.acknowledged(4), "what stands before it in the message is stored")
    let error = try stream.next("error")
    #expect(error?["code"]?.string == "too_large")
    #expect(error?["message"]?.string?.contains("quota of 4096 bytes") == true)
    #expect(try stream.next("") == nil)
    #expect(stream.closeCode == 4413)

    // Its hello is answered as any other, and the quota holds.
    let again = try device.stream()
    #expect(try again.greet(session: "large")?["cursor"]?.integer == 4)
    try again.send(HubRawStream.line(5, text))
    #expect(try again.next("error")?["code"]?.string == "too_large")
    try other.send(HubRawStream.line(1, text))
    #expect(try other.acknowledged(1))

    let deadline = Date(timeIntervalSinceNow: 30)
    var sessions: [JSON] = []
    repeat {
      sessions = try world.hubJSON(["sessions"]).array ?? []
      try #require(Date() < deadline)
    } while sessions.first?["full"]?.bool != true
    #expect(sessions.map { $0["sessionId"]?.string } == ["large", "other"])
    #expect(sessions.map { $0["full"]?.bool } == [true, false])
    #expect(sessions.allSatisfy { $0["stored"]?.integer ?? .max <= 4_096 })
    let table = String(decoding: try world.run("ra-hub", ["sessions"]).output, as: UTF8.self)
    #expect(table.contains(", full"), "\(table)")
    #expect(try world.numbers() == [1, 2, 3, 4])
  }

  @Test(arguments: [
    ["--session-quota", "-1"], ["--session-quota", "1T"], ["--session-quota", "K"], ["--heartbeat", "0.09"],
    ["--heartbeat", "3601"], ["--heartbeat", "nan"], ["--session-quota", "9999999999G"],
  ])
  func `a limit that is none is a usage error`(options: [String]) throws {
    let world = try World()
    let result = try world.run("ra-hub", ["serve", "--listen", "127.0.0.1:0"] + options)
    #expect(result.status == 64, "\(result.errors)")
  }

  @Test func `a device that falls silent is pinged, then closed, and its session is away`() throws {
    let world = try World()
    try world.startHub(["--heartbeat", "0.2"])
    let device = try HubRawDevice.paired(with: world)
    let stream = try device.stream()
    let hello = try stream.greet()
    #expect(hello?["heartbeat"]?["interval"]?.integer == 200)
    #expect(hello?["heartbeat"]?["timeout"]?.integer == 500)
    #expect(try stream.next()?["type"]?.string == "ping")
    let error = try stream.next("error")
    #expect(error?["code"]?.string == "heartbeat")
    #expect(error?["message"]?.string?.contains("0.5 s") == true)
    #expect(try stream.next() == nil)
    #expect(stream.closeCode == 4408)
    // This end stays open: the hub does not wait for it.
    try world.awaitState("away")
  }

  @Test(arguments: [false, true])
  func `a device whose bytes come one by one is kept, those of a frame and those of a record of TLS`(
    isRecord: Bool
  ) throws {
    let world = try World()
    try world.startHub(["--heartbeat", "0.2"])
    let device = try HubRawDevice.paired(with: world)
    let stream = try device.stream()
    #expect(try stream.greet() != nil)
    // A byte after each ping of the hub's: in all more than twice as long as it lets a device be silent.
    let frame = stream.frame(of: HubRawStream.line(1))
    let bytes = isRecord ? try stream.connection.encrypted(frame) : frame
    func send(_ bytes: ArraySlice<UInt8>) throws {
      if isRecord { stream.connection.send(ciphertext: bytes) } else { try stream.send(bytes: bytes) }
    }
    for index in 0..<6 {
      #expect(try stream.next()?["type"]?.string == "ping")
      try send(bytes[index...index])
    }
    try send(bytes[6...])
    #expect(try stream.acknowledged(1))
  }

  @Test func `a tunnel that is stopped is away within the watchdog, and goes on where it was`() throws {
    let world = try World()
    try world.startHub(["--heartbeat", "0.4"])
    try world.pair()
    let tunnel = try world.start("ra-tunnel", ["--text"], input: .pipe)
    tunnel.write(Array("one\n".utf8))
    try world.awaitCursor(above: 0)
    try world.awaitState("live")
    tunnel.signal(SIGSTOP)
    try world.awaitState("away")
    tunnel.signal(SIGCONT)
    tunnel.write(Array("two\n".utf8))
    try world.awaitCursor(above: 1)
    try world.awaitState("live")
    tunnel.closeInput()
    #expect(try tunnel.status() == 0, "\(tunnel.errors)")
    #expect(try world.raw("stdin") == Array("one\ntwo\n".utf8))
  }
}
