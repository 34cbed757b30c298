import RemoteAgentCore
import RemoteAgentHub
import Testing

/// What an ephemeral device meets on the wire.
@Suite(.timeLimit(.minutes(5))) struct EphemeralTests {
  private static let end = #"{"type":"status","seq":2,"payload":{"state":"end","bytes":0,"lines":1}}"#

  private func with(
    sessions: Int64 = 1, _ body: (TestHub, TestDevice) async throws -> Void
  ) async throws {
    try await TestHub.with {
      // Tests push the clock on, and the device is silent meanwhile.
      $0.session.heartbeatTimeout = 1_000_000_000
    } _: { hub in
      var terms = PairingTerms()
      terms.label = "ci"
      terms.ephemeral = PairingTerms.Ephemeral()
      terms.ephemeral?.sessions = sessions
      terms.ephemeral?.life = 800_000
      let code = try await hub.running.store.createPairingCode(terms, now: hub.skew.clock.wall()).code
      var device = try TestDevice()
      let paired = try await device.pair(hub, code: code)
      #expect(paired.status == 201)
      #expect((790...800).contains(paired.json["refreshExpiresIn"]?.integer ?? 0))
      try await body(hub, device)
    }
  }

  private func state(_ hub: TestHub, _ device: TestDevice) async throws -> String? {
    try await hub.running.store.device(device.clientId)?.json["state"]?.string
  }

  /// Waits for the news that the device is in that state.
  private func becomes(_ wanted: String, _ device: TestDevice, _ hub: TestHub) async throws {
    let feed = hub.running.store.changes.all()
    var news = feed.stream.makeAsyncIterator()
    while try await state(hub, device) != wanted { _ = await news.next() }
  }

  private func refusal(_ device: inout TestDevice, _ hub: TestHub) async throws -> String? {
    device.nonce = nil
    let answer = try await device.ask(hub, "POST", "/api/clients/session", token: device.refreshToken, body: "{}")
    #expect(answer.status == 403 && answer.code == "revoked")
    return answer.json["detail"]?.string
  }

  @Test func `it streams one session, and has finished when it closes after the last acknowledgement`() async throws {
    try await with { hub, device in
      var device = device
      let stream = try await device.stream(hub)
      _ = try await stream.greet()
      try await stream.log(1)
      try await stream.send(Self.end)
      try await stream.acknowledged(2)
      #expect(try await state(hub, device) == "paired")
      try await stream.close()
      try await becomes("finished", device, hub)
      #expect(try await refusal(&device, hub) == DeviceRefusal.finished.sentence)
      #expect(try await hub.running.store.session(idOrLatest: "s1")?.state == .ended)
    }
  }

  @Test func `a lost last acknowledgement costs nothing`() async throws {
    try await with { hub, device in
      var device = device
      let store = hub.running.store
      let lost = try await device.stream(hub)
      _ = try await lost.greet()
      let row = try #require(try await store.session(idOrLatest: "s1")?.row)
      var news = store.changes.of(row: row).stream.makeAsyncIterator()
      try await lost.send(TestStream.line(1), Self.end)
      while try await store.session(row: row)?.cursor != 2 { _ = await news.next() }
      await lost.connection.close()
      hub.skew.advance(30_000)
      device.nonce = nil
      let again = try await device.stream(hub)
      #expect(try await again.greet()["cursor"]?.integer == 2)
      try await again.send(Self.end)
      try await again.acknowledged(2)
      try await again.close()
      try await becomes("finished", device, hub)
    }
  }

  @Test func `one that stays after its last acknowledgement is closed when the grace is over`() async throws {
    try await with { hub, device in
      var device = device
      let stream = try await device.stream(hub)
      _ = try await stream.greet()
      try await stream.send(TestStream.line(1), Self.end)
      try await stream.acknowledged(2)
      hub.skew.advance(60_000)
      let end = try await stream.end()
      #expect(end.code == 4403 && end.error == "revoked")
      #expect(try await state(hub, device) == "finished")
    }
  }

  @Test func `its connections are closed with 4403 when it expires, also one that has said nothing`() async throws {
    try await with { hub, device in
      var device = device
      let stream = try await device.stream(hub)
      _ = try await stream.greet()
      try await stream.log(1)
      try await stream.acknowledged(1)
      let silent = try await device.stream(hub)
      hub.skew.advance(800_000)
      var message: String?
      while let next = try await stream.next() {
        if next.type == "error" { message = next.payload["message"]?.string }
      }
      #expect(await stream.closeCode == 4403)
      #expect(message == DeviceRefusal.expired.sentence)
      #expect(try await silent.end().code != nil)
      try await becomes("expired", device, hub)
      #expect(try await refusal(&device, hub) == DeviceRefusal.expired.sentence)
      #expect(try await hub.running.store.session(idOrLatest: "s1")?.cursor == 1)
    }
  }

  @Test func `a further session is closed with 4403 and told why, and the one before goes on`() async throws {
    try await with { hub, device in
      var device = device
      let first = try await device.stream(hub)
      _ = try await first.greet(session: "s1")
      let second = try await device.stream(hub)
      try await second.hello(session: "s2")
      #expect(try await second.next("error").payload["message"]?.string == DeviceRefusal.sessionsUsed.sentence)
      #expect(try await second.end().code == 4403)
      try await first.log(1)
      try await first.acknowledged(1)
      // A reconnect opens none.
      let again = try await device.stream(hub)
      #expect(try await again.greet(session: "s1")["cursor"]?.integer == 1)
      #expect(try await hub.running.store.device(device.clientId)?.sessions == 1)
    }
  }

  @Test func `it has no device channel and is not steered, and may read and delete itself`() async throws {
    try await with { hub, device in
      var device = device
      let channel = try await device.stream(hub)
      try await channel.send(#"{"type":"hello","payload":{"protocol":1,"tool":"test/1"}}"#)
      #expect(try await channel.end().code == 4403)
      let stream = try await device.stream(hub)
      _ = try await stream.greet()
      let token = try await hub.running.store.createPersonToken(.api, name: "t", now: hub.skew.clock.wall()).secret
      for action in [#"{"action":"stop"}"#, #"{"action":"prompt","text":"x"}"#] {
        let steered = try await hub.ask(
          "POST", "/api/agents/s1/control", headers: [("Authorization", "Bearer \(token)")], body: action)
        #expect(steered.status == 409 && steered.code == "not_steerable")
      }
      let known = try await device.ask(hub, "GET", "/api/device", token: device.accessToken)
      #expect(known.json["kind"]?.string == "ephemeral" && known.json["label"]?.string == "ci")
      #expect(known.json["sessions"]?.integer == 1 && known.json["live"]?.integer == 1)
      #expect(try await device.ask(hub, "DELETE", "/api/device", token: device.accessToken).status == 204)
      #expect(try await stream.end().code == 4403)
      #expect(try await state(hub, device) == "revoked")
    }
  }

  @Test func `a code is asked for on its terms, and what is none is refused`() async throws {
    try await TestHub.with { hub in
      let token = try await hub.running.store.createPersonToken(.api, name: "t", now: hub.skew.clock.wall()).secret
      func ask(_ body: String?) async throws -> TestAnswer {
        try await hub.ask(
          "POST", "/api/clients/pairing-codes", headers: [("Authorization", "Bearer \(token)")], body: body)
      }
      for body in [
        "[]", "{", #"{"ephemeral":1}"#, #"{"ttl":60}"#, #"{"sessions":1}"#, #"{"ephemeral":false,"ttl":60}"#,
        #"{"ephemeral":true,"ttl":0}"#, #"{"ephemeral":true,"ttl":2592001}"#, #"{"ephemeral":true,"ttl":"1h"}"#,
        #"{"ephemeral":true,"sessions":0}"#, #"{"ephemeral":true,"sessions":1001}"#, #"{"label":""}"#,
        #"{"label":"a\nb"}"#, #"{"label":7}"#, "{\"label\":\"\(String(repeating: "é", count: 129))\"}",
      ] {
        let answer = try await ask(body)
        #expect(answer.status == 400 && answer.code == "bad_request", "\(body)")
      }
      for body in [nil, "{}", #"{"label":"é"}"#, #"{"ephemeral":true,"ttl":2592000,"sessions":1000,"label":"ci"}"#] {
        #expect(try await ask(body).status == 201, "\(body ?? "")")
      }
      var device = try TestDevice()
      let code = try await ask(#"{"ephemeral":true}"#).json["code"]?.string
      #expect(try await device.pair(hub, code: code).status == 201)
      let known = try #require(try await hub.running.store.device(device.clientId))
      #expect(known.expiresAt == known.pairedAt + 3_600_000 && known.sessionLimit == 1)
    }
  }

  @Test func `address and program are those of the last use`() async throws {
    try await TestHub.with { hub in
      var device = try await TestDevice.paired(with: hub)
      let path = "/api/clients/session"
      func version() async throws -> String? { try await hub.running.store.device(device.clientId)?.version }
      #expect(try await version() == nil)
      let headers = try device.headers(hub, "POST", path, token: device.refreshToken)
      _ = try await hub.ask("POST", path, headers: headers + [("User-Agent", "ra-tunnel/9 (x)")], body: "{}")
      #expect(try await version() == "ra-tunnel/9")
      let stream = try await device.stream(hub)
      _ = try await stream.greet()
      #expect(try await version() == "test/1")
      #expect(try await hub.running.store.device(device.clientId)?.address == "127.0.0.1")
    }
  }
}
