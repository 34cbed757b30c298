import RemoteAgentCore
import RemoteAgentHub
import Testing

@Suite(.timeLimit(.minutes(5))) struct PairingTests {
  @Test func `a code pairs a key, and its tokens open what they are for`() async throws {
    try await TestHub.with { hub in
      var device = try TestDevice()
      let paired = try await device.pair(hub)
      #expect(paired.status == 201)
      #expect(paired.json["accessExpiresIn"]?.integer ?? 0 > 3_500)
      #expect(paired.json["refreshExpiresIn"]?.integer ?? 0 > 89 * 86_400)

      let session = try await device.ask(
        hub, "POST", "/api/clients/session", token: device.refreshToken, body: "{}")
      #expect(session.status == 200)
      #expect(session.json["sessionToken"]?.string?.isEmpty == false)
      #expect(session.json["expiresIn"]?.integer ?? 0 > 890)
      #expect(session.header("cache-control") == "no-store")

      let known = try await device.ask(hub, "GET", "/api/device", token: device.accessToken)
      #expect(known.status == 200)
      #expect(known.json["clientId"]?.string == device.clientId)
      #expect(known.json["label"]?.string == "test")
    }
  }

  @Test func `a code pairs one key only, and that one again`() async throws {
    try await TestHub.with { hub in
      let code = try await hub.running.store.createPairingCode(now: hub.skew.clock.wall()).code
      var device = try TestDevice()
      #expect(try await device.pair(hub, code: code).status == 201)
      let first = device.clientId
      #expect(try await device.pair(hub, code: code).status == 201)
      #expect(device.clientId == first)

      var other = try TestDevice()
      let refused = try await other.pair(hub, code: code)
      #expect(refused.status == 403)
      #expect(refused.code == "invalid_code")
    }
  }

  @Test func `after five wrong codes the address waits, a right code too`() async throws {
    try await TestHub.with { hub in
      var device = try TestDevice()
      for _ in 0..<5 {
        #expect(try await device.pair(hub, code: "0000-0000").code == "invalid_code")
      }
      let refused = try await device.pair(hub)
      #expect(refused.status == 429)
      #expect(refused.code == "rate_limited")
      #expect((1...60).contains(refused.header("retry-after").flatMap { Int($0) } ?? 0))

      hub.skew.advance(61_000)
      #expect(try await device.pair(hub).status == 201)
    }
  }

  @Test(arguments: [
    "", "[]", "{", #"{"label":"a","platform":"b"}"#, #"{"code":"A","platform":"b"}"#, #"{"code":"A","label":"a"}"#,
    #"{"code":1,"label":"a","platform":"b"}"#,
    "{\"code\":\"A\",\"label\":\"\(String(repeating: "é", count: 129))\",\"platform\":\"b\"}",
  ])
  func `a body that is not a pairing request is refused and costs no attempt`(_ body: String) async throws {
    try await TestHub.with { hub in
      var device = try TestDevice()
      for _ in 0..<6 {
        let answer = try await device.ask(hub, "POST", "/api/clients/pair", token: nil, body: body)
        #expect(answer.status == 400)
        #expect(answer.code == "bad_request")
      }
      #expect(try await device.pair(hub).status == 201)
    }
  }

  @Test func `a session request needs a JSON object`() async throws {
    try await TestHub.with { hub in
      var device = try await TestDevice.paired(with: hub)
      let answer = try await device.ask(hub, "POST", "/api/clients/session", token: device.refreshToken, body: "[]")
      #expect(answer.code == "bad_request")
    }
  }

  @Test func `a device that unpairs itself is revoked at once`() async throws {
    try await TestHub.with { hub in
      var device = try await TestDevice.paired(with: hub)
      let stream = try await device.stream(hub)
      _ = try await stream.greet()
      #expect(try await device.ask(hub, "DELETE", "/api/device", token: device.accessToken).status == 204)
      let end = try await stream.end()
      #expect(end.code == 4403)
      #expect(end.error == "revoked")
      let refused = try await device.ask(hub, "POST", "/api/clients/session", token: device.refreshToken, body: "{}")
      #expect(refused.status == 403)
      #expect(refused.code == "revoked")
    }
  }
}
