import RemoteAgentCore
import RemoteAgentHub
import Testing

@Suite(.timeLimit(.minutes(5))) struct StreamTests {
  private static let other = String(repeating: "f", count: 32)

  @Test func `lines are acknowledged, and kept byte for byte`() async throws {
    try await TestHub.with { hub in
      var device = try await TestDevice.paired(with: hub)
      let stream = try await device.stream(hub)
      let hello = try await stream.greet()
      #expect(hello["cursor"]?.integer == 0)
      #expect(hello["limits"]?["window"]?.integer == 8 << 20)
      #expect(hello["session"]?["url"]?.string?.hasPrefix(hub.running.url) == true)
      let lines = (1...50).map { TestStream.line($0, "line \($0)") }
      try await stream.send(lines[0], lines[1])
      for line in lines[2...] { try await stream.send(line) }
      try await stream.acknowledged(50)
      let session = try #require(try await hub.running.store.session(idOrLatest: "latest"))
      let batches = try await hub.running.store.batches(row: session.row, after: 0, maximumBytes: 1 << 20)
      let stored = batches.flatMap(\.bytes)
      #expect(String(decoding: stored, as: UTF8.self).split(separator: "\n").map(String.init) == lines)
    }
  }

  @Test func `duplicates are acknowledged and stored once`() async throws {
    try await TestHub.with { hub in
      var device = try await TestDevice.paired(with: hub)
      let stream = try await device.stream(hub)
      _ = try await stream.greet()
      try await stream.send(TestStream.line(1), TestStream.line(2))
      try await stream.acknowledged(2)
      try await stream.send(TestStream.line(1), TestStream.line(2), TestStream.line(3))
      try await stream.acknowledged(3)
      try await stream.log(2)
      try await stream.acknowledged(3)
    }
  }

  @Test func `what came before a bad envelope is acknowledged, then the error, then the close`() async throws {
    try await TestHub.with { hub in
      var device = try await TestDevice.paired(with: hub)
      let stream = try await device.stream(hub)
      _ = try await stream.greet()
      try await stream.send(TestStream.line(1), TestStream.line(3))
      try await stream.acknowledged(1)
      let end = try await stream.end()
      #expect(end.code == 4400)
      #expect(end.error == "bad_message")
    }
  }

  @Test func `the cursor survives the hub`() async throws {
    let folder = try TemporaryFolder()
    let first = try await TestHub.start(in: folder.path)
    var device = try await TestDevice.paired(with: first)
    let stream = try await device.stream(first)
    _ = try await stream.greet()
    try await stream.send(TestStream.line(1), TestStream.line(2))
    try await stream.acknowledged(2)
    try await first.stop()

    let second = try await TestHub.start(in: folder.path)
    device.nonce = nil
    let again = try await device.stream(second)
    #expect(try await again.greet()["cursor"]?.integer == 2)
    try await again.log(3)
    try await again.acknowledged(3)
    try await second.stop()
  }

  @Test func `a newer connection of the writer replaces the older, whose lines it knows`() async throws {
    try await TestHub.with { hub in
      var device = try await TestDevice.paired(with: hub)
      let older = try await device.stream(hub)
      _ = try await older.greet()
      for seq in Int64(1)...200 { try await older.log(seq) }
      let newer = try await device.stream(hub)
      let cursor = try #require(try await newer.greet()["cursor"]?.integer)
      let end = try await older.end()
      #expect(end.code == 4409)
      #expect(end.error == "superseded")
      try await newer.log(cursor + 1)
      try await newer.acknowledged(cursor + 1)
    }
  }

  @Test func `another writer is refused, and takes over with append for ever`() async throws {
    try await TestHub.with { hub in
      var device = try await TestDevice.paired(with: hub)
      let owner = try await device.stream(hub)
      _ = try await owner.greet()
      try await owner.log(1)
      try await owner.acknowledged(1)

      let refused = try await device.stream(hub)
      try await refused.hello(writer: Self.other)
      #expect(try await refused.end().code == 4409)
      // The refused one has not disturbed the owner.
      try await owner.log(2)
      try await owner.acknowledged(2)

      let heir = try await device.stream(hub)
      #expect(try await heir.greet(writer: Self.other, append: true)["cursor"]?.integer == 2)
      #expect(try await owner.end().code == 4409)

      let fenced = try await device.stream(hub)
      try await fenced.hello(append: true)
      #expect(try await fenced.end().code == 4409)
      try await heir.log(3)
      try await heir.acknowledged(3)
    }
  }

  @Test func `two devices may use the same name for a session`() async throws {
    try await TestHub.with { hub in
      var one = try await TestDevice.paired(with: hub)
      var two = try await TestDevice.paired(with: hub)
      let first = try await one.stream(hub)
      let second = try await two.stream(hub)
      let ids = [try await first.greet(), try await second.greet()].map { $0["session"]?["id"]?.string }
      #expect(ids[0] != ids[1])
      try await first.log(1)
      try await first.acknowledged(1)
    }
  }

  @Test func `a connection without a hello is given up`() async throws {
    try await TestHub.with { hub in
      var device = try await TestDevice.paired(with: hub)
      let stream = try await device.stream(hub)
      hub.skew.advance(10_000)
      // Any input makes the hub look at its clock before the deadline's own timer does.
      try await stream.send("")
      let end = try await stream.end()
      #expect(end.code == 4408)
      #expect(end.error == "heartbeat")
    }
  }

  @Test func `a silent device is pinged, then given up`() async throws {
    try await TestHub.with {
      $0.session.heartbeatInterval = 50
      $0.session.heartbeatTimeout = 5_000
    } _: { hub in
      var device = try await TestDevice.paired(with: hub)
      let stream = try await device.stream(hub)
      _ = try await stream.greet()
      _ = try await stream.next("ping")
      let end = try await stream.end()
      #expect(end.code == 4408)
    }
  }

  @Test func `binary messages are refused`() async throws {
    try await TestHub.with { hub in
      var device = try await TestDevice.paired(with: hub)
      let stream = try await device.stream(hub)
      _ = try await stream.greet()
      try await stream.sendBinary([1, 2, 3])
      #expect(try await stream.end().code == 1003)
    }
  }

  @Test func `a message over the limit is refused`() async throws {
    try await TestHub.with { hub in
      var device = try await TestDevice.paired(with: hub)
      let stream = try await device.stream(hub)
      _ = try await stream.greet()
      try await stream.log(1, String(repeating: "x", count: 1 << 20))
      #expect(try await stream.end().code == 1009)
    }
  }

  @Test func `a device's own close is answered`() async throws {
    try await TestHub.with { hub in
      var device = try await TestDevice.paired(with: hub)
      let stream = try await device.stream(hub)
      _ = try await stream.greet()
      try await stream.close()
      #expect(try await stream.end().code == 1000)
    }
  }

  @Test func `a stop acknowledges what was taken in, and closes with 1001`() async throws {
    let folder = try TemporaryFolder()
    let hub = try await TestHub.start(in: folder.path)
    var device = try await TestDevice.paired(with: hub)
    let stream = try await device.stream(hub)
    _ = try await stream.greet()
    try await stream.log(1)
    try await stream.acknowledged(1)
    async let stopped: Void = hub.stop()
    #expect(try await stream.end().code == 1001)
    await stream.connection.close()
    try await stopped
  }

  @Test func `a window of input is stored however small the window is`() async throws {
    try await TestHub.with {
      $0.session.window = 1_000
    } _: { hub in
      var device = try await TestDevice.paired(with: hub)
      let stream = try await device.stream(hub)
      _ = try await stream.greet()
      for seq in Int64(1)...300 { try await stream.log(seq, String(repeating: "y", count: 500)) }
      try await stream.acknowledged(300)
    }
  }

  @Test func `a device that does not read is cut`() async throws {
    try await TestHub.with {
      $0.limits.unsent = 100_000
    } _: { hub in
      var device = try await TestDevice.paired(with: hub)
      let stream = try await device.stream(hub)
      _ = try await stream.greet()
      try await stream.connection.stall()
      let ping = "{\"type\":\"ping\",\"payload\":{\"t\":\"\(String(repeating: "t", count: 60_000))\"}}"
      // Its pongs fill the way back; the send fails once the hub has cut the connection.
      var sent = 0
      while sent < 2_000, await !stream.connection.isBroken {
        try await stream.send(ping)
        sent += 1
      }
      #expect(sent < 2_000)
    }
  }
}
