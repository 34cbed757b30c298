import Foundation
import Glibc
import RemoteAgentCore
import Testing

/// Scripts follow a session with curl alone (docs/http-api.md, a session's log).
struct FollowTests {
  /// What curl wrote of an event stream: whole events only, since the last may be cut.
  private struct Events {
    var ids: [Int64] = []
    var data: [String] = []
    var names: [String] = []

    init(_ text: String) {
      var blocks = text.components(separatedBy: "\n\n")
      blocks.removeLast()
      for block in blocks {
        var id: Int64?
        var name = ""
        var data: [Substring] = []
        for line in block.split(separator: "\n") {
          if line.hasPrefix("id: ") { id = Int64(line.dropFirst(4)) }
          if line.hasPrefix("event: ") { name = String(line.dropFirst(7)) }
          if line.hasPrefix("data: ") { data.append(line.dropFirst(6)) }
        }
        names.append(name)
        guard let id else { continue }
        ids.append(id)
        self.data.append(data.joined(separator: "\n"))
      }
    }
  }

  /// A hub with a paired device, and curl's options to ask it.
  private func start() throws -> (world: World, url: String, curl: [String]) {
    let world = try World()
    try world.startHub(["--http-loopback", "0"])
    try world.pair()
    let token = try world.run("ra-hub", ["token", "create", "curl"])
    let header = "Authorization: Bearer \(String(decoding: token.output, as: UTF8.self))"
    let file = try world.write(header.utf8, to: "auth")
    chmod(file, 0o600)
    let url = try world.hubFile()["local"]?.string ?? ""
    return (world, "\(url)/api/agents/latest/logs", ["-sSN", "--fail-with-body", "-H", "@\(file)"])
  }

  @Test func `curl that is cut off at random points and resumes has every number once`() throws {
    let seed = UInt64.random(in: 0 ..< .max)
    var random = SplitMix(seed: seed)
    let (world, url, curl) = try start()
    let tunnel = try world.start("ra-tunnel", ["--session", "followed"], input: .pipe)
    let lines = 4_000
    let writer = Thread {
      // In bursts of all sizes, while curl comes and goes.
      var random = SplitMix(seed: seed &+ 1)
      var line = 1
      while line <= lines {
        let burst = min(lines - line + 1, Int(random.next() % 200) + 1)
        let text = (line..<(line + burst)).map {
          "line \($0) \(String(repeating: "é", count: Int(random.next() % 300)))\n"
        }
        tunnel.write(text.joined().utf8)
        line += burst
      }
      tunnel.closeInput()
    }
    writer.start()
    try tunnel.await("session") { _, errors in errors.contains("session ") }
    var ids: [Int64] = []
    var data: [String] = []
    var cuts = 0
    while true {
      let after = ids.last ?? 0
      let arguments = curl + (after > 0 ? ["-H", "Last-Event-ID: \(after)"] : []) + [url]
      let child = try world.start("curl", arguments)
      // Cut anywhere, in the middle of an event too, once so many bytes are there; or else it ends by itself.
      let enough = cuts < 25 ? Int(random.next() % 60_000) + 1 : Int.max
      if try child.awaitOutput(of: enough) {
        child.signal(SIGKILL)
        cuts += 1
      }
      let status = try child.status()
      let events = Events(child.outputText)
      ids += events.ids
      data += events.data
      if status == 128 + SIGKILL { continue }
      // By itself it ends with the session only; cut after the last number and before `end`, it is answered 204.
      #expect(status == 0 && (events.names.last ?? "end") == "end", "seed \(seed): \(status) \(child.errors)")
      break
    }
    #expect(try tunnel.status(seconds: 60) == 0, "\(tunnel.errors)")
    #expect(cuts > 3, "seed \(seed): \(cuts) cuts")
    #expect(ids == Array(1...Int64(lines + 1)), "seed \(seed)")
    let stored = try world.envelopes("followed").map(\.text)
    #expect(data.map { (try? JSON(parsing: Array($0.utf8)))?.text ?? "" } == stored, "seed \(seed)")
    // It has ended, and all is read: 204, which tells an EventSource to stop.
    let last = try world.run(
      "curl", curl + ["-w", "%{http_code}", "-H", "Last-Event-ID: \(lines + 1)", url], seconds: 20)
    #expect(String(decoding: last.output, as: UTF8.self) == "204")
  }

  @Test func `lines are the stored bytes, from any number on`() throws {
    let (world, url, curl) = try start()
    let input = (1...500).map { "line \($0) \u{1F600} \\ \"\n" }.joined()
    #expect(try world.run("ra-tunnel", input: .bytes(Array(input.utf8))).status == 0)
    let all = try world.run("ra-hub", ["logs", "latest", "--json", "--follow"]).output
    for after in [0, 1, 250, 500, 501] {
      let lines = try world.run(
        "curl", curl + ["-H", "Accept: application/x-ndjson", "\(url)?follow=0&after=\(after)"], seconds: 20)
      #expect(lines.status == 0, "\(lines.errors)")
      let expected = all.split(separator: 0x0A).dropFirst(after).flatMap { $0 + [0x0A] }
      #expect(lines.output == expected, "after \(after)")
    }
  }

  @Test func `a hub that is killed and comes again is followed on`() throws {
    let (world, url, curl) = try start()
    let port = url.split(separator: "/")[1].split(separator: ":").last.map(String.init) ?? ""
    let tunnel = try world.start("ra-tunnel", input: .pipe)
    tunnel.write((1...100).map { "\($0)\n" }.joined().utf8)
    try tunnel.await("session") { _, errors in errors.contains("session ") }
    let first = try world.start("curl", curl + [url])
    try first.await("the first lines") { output, _ in String(decoding: output, as: UTF8.self).contains("\nid: 100\n") }
    try world.killHub()
    // The answer is cut, and curl says so.
    #expect(try first.status() != 0)
    try world.startHub(["--http-loopback", port])
    tunnel.write("after\n".utf8)
    tunnel.closeInput()
    #expect(try tunnel.status(seconds: 60) == 0, "\(tunnel.errors)")
    let second = try world.run("curl", curl + ["-H", "Last-Event-ID: 100", url])
    let events = Events(String(decoding: second.output, as: UTF8.self))
    #expect(events.ids == [101, 102] && events.names.last == "end")
    #expect(Events(first.outputText).ids == Array(1...100))
  }
}

/// Random numbers from a seed (Steele and others, "Fast splittable pseudorandom number generators").
private struct SplitMix {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
