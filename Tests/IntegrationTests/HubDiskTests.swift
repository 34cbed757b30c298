import Foundation
import Glibc
import RemoteAgentCore
import Testing

/// A hub whose disk is full, or can't be written, stores nothing, says so, and goes on by itself.
@Suite(.serialized) struct HubDiskTests {
  /// Runs a hub in a world whose hub's folder is a small disk of its own, in a namespace of its own; nil, with the reason
  /// printed, where neither root nor a user namespace can mount one.
  private static func worldOnSmallDisk(megabytes: Int) throws -> (World, Child)? {
    let world = try World()
    let disk = "\(world.folder)/disk"
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
    var reasons: [String] = []
    for options in ["-Urm", "-m"] {
      let trial = try world.run("unshare", [options, "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk])
      guard trial.status == 0 else {
        reasons.append("unshare \(options): \(trial.errors)")
        continue
      }
      let script =
        "mount -t tmpfs -o size=\(megabytes)m,mode=700 tmpfs \"$1\" && shift && exec \"$@\""
      let hub = try world.start(
        "unshare",
        [
          options, "sh", "-c", script, "sh", disk, World.program("ra-hub"), "serve", "--data", disk, "--listen",
          "127.0.0.1:0", "--http-loopback", "0",
        ])
      try hub.await("listening line") { _, errors in errors.contains("listening") }
      // What is mounted there is seen through the hub alone.
      try FileManager.default.createSymbolicLink(
        atPath: world.data, withDestinationPath: "/proc/\(hub.pid)/root\(disk)")
      return (world, hub)
    }
    print("skipped: no small disk can be mounted: \(reasons.joined(separator: "; "))")
    return nil
  }

  @Test func `a full disk stops acknowledgements, devices are told to come later, and all goes on when there is room`()
    throws
  {
    guard let (world, hub) = try Self.worldOnSmallDisk(megabytes: 16) else { return }
    let token = try world.apiToken()
    let device = try HubRawDevice.paired(with: world)
    let code = try world.code().code
    let stream = try device.stream()
    #expect(try stream.greet()?["cursor"]?.integer == 0)
    try stream.send(HubRawStream.line(1))
    #expect(try stream.acknowledged(1))
    #expect(try world.get("/readyz").status == 200)

    try Self.fill("\(world.data)/filler")
    let large = String(repeating: "y", count: 500_000)
    try stream.send(HubRawStream.line(2, large))
    // No acknowledgement: the first word is the error.
    let refusal = try #require(try stream.next())
    #expect(refusal["type"]?.string == "error")
    #expect(refusal["payload"]?["code"]?.string == "rate_limited")
    #expect(refusal["payload"]?["retryAfterMs"]?.integer == 5_000)
    let message = refusal["payload"]?["message"]?.string ?? ""
    #expect(message.contains("disk is full") && !message.contains("/"), "\(message)")
    #expect(try stream.next() == nil)
    #expect(stream.closeCode == 1013)

    // A hello, a token request, a pairing.
    let again = try device.stream()
    #expect(try again.greet() == nil)
    #expect(again.closeCode == 1013)
    for answer in [try device.renew(), try HubRawDevice(origin: device.origin, ca: device.ca).pair(code)] {
      #expect(answer.status == 503)
      #expect(answer.headers["retry-after"] == "5")
      #expect(answer.json["code"]?.string == "unavailable")
      let detail = answer.json["detail"]?.string ?? ""
      #expect(detail.contains("disk is full") && !detail.contains("/"), "\(detail)")
    }

    // Reading goes on, and says what is the matter.
    let ready = try world.get("/readyz")
    #expect(ready.status == 503 && ready.body.contains("disk is full"))
    #expect(try world.get("/healthz").status == 200)
    let metrics = try world.get("/metrics", token: token)
    #expect(metrics.status == 200)
    #expect(metrics.body.contains("ra_hub_store_failing{reason=\"full\"} 1"))
    #expect(metrics.body.contains("ra_hub_store_failures_total 1"))
    #expect(try world.numbers() == [1])
    stream.cut()
    again.cut()
    try world.awaitState("away")
    #expect(try world.get("/api/agents/latest", token: token).status == 200)
    #expect(try world.get("/api/agents/latest/controls", token: token).status == 200)
    let link = try world.run("ra-hub", ["link"])
    #expect(link.status == 74 && link.errors.contains("disk is full"))

    unlink("\(world.data)/filler")
    try hub.await("the end of it") { _, errors in errors.contains("can be written again") }
    #expect(try world.get("/readyz").status == 200)
    #expect(try world.get("/metrics", token: token).body.contains("ra_hub_store_failing{reason=\"full\"} 0"))
    let last = try device.stream()
    #expect(try last.greet()?["cursor"]?.integer == 1)
    try last.send(HubRawStream.line(2, large), HubRawStream.line(3))
    #expect(try last.acknowledged(3))
    #expect(try device.renew().status == 200)
    #expect(try HubRawDevice(origin: device.origin, ca: device.ca).pair(code).status == 201)
    #expect(try world.numbers() == [1, 2, 3])
    #expect(hub.errors.components(separatedBy: "nothing can be stored").count == 2, "\(hub.errors)")
    #expect(hub.errors.components(separatedBy: "can be written again").count == 2, "\(hub.errors)")
    #expect(hub.errors.split(separator: "\n").count == 3, "\(hub.errors)")
  }

  @Test func `files that may not grow stop a hub's acknowledgements, not the hub, and a tunnel loses nothing by it`()
    throws
  {
    let world = try World()
    let hub = try world.startHub(["--http-loopback", "0"])
    try world.pair()
    let input = DeliveryTests.lines(count: 20_000, bytes: 12_000_000)
    let tunnel = try world.start("ra-tunnel", ["--text"], input: .pipe)
    let half = input.count / 2
    tunnel.write(input[..<half])
    try world.awaitCursor(above: 5_000)
    // Below what the database has by now: neither it nor the log beside it can grow.
    let limited = try world.run("prlimit", ["--pid", "\(hub.pid)", "--fsize=4000000:"])
    try #require(limited.status == 0, "\(limited.errors)")
    let writer = Thread.start { tunnel.write(input[half...]) }
    try hub.await("the beginning") { _, errors in errors.contains("nothing can be stored") }
    #expect(try world.get("/readyz").status == 503)
    let before = try world.shownCursor()
    #expect(try world.numbers().count >= before)
    let raised = try world.run("prlimit", ["--pid", "\(hub.pid)", "--fsize=unlimited:"])
    try #require(raised.status == 0, "\(raised.errors)")
    try hub.await("the end of it") { _, errors in errors.contains("can be written again") }
    writer.join()
    tunnel.closeInput()
    #expect(try tunnel.status(seconds: 200) == 0, "\(tunnel.errors)")
    #expect(try world.get("/readyz").status == 200)
    let identical = try world.raw("stdin") == input
    #expect(identical)
    let once = try world.numbers() == Array(1...Int64(20_001))
    #expect(once)
    #expect(hub.errors.components(separatedBy: "nothing can be stored").count == 2, "\(hub.errors)")
    #expect(hub.errors.components(separatedBy: "can be written again").count == 2, "\(hub.errors)")
  }

  /// Writes a file until the disk takes no more.
  private static func fill(_ path: String) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    try #require(file >= 0)
    defer { close(file) }
    for size in [1 << 20, 4_096] {
      let chunk = [UInt8](repeating: 0x7A, count: size)
      while write(file, chunk, chunk.count) > 0 {}
    }
    #expect(errno == ENOSPC)
  }
}
