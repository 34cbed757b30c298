import RemoteAgentCore
import RemoteAgentHub
import Testing

/// Codes at a hub where each device that pairs by one is approved of.
@Suite(.timeLimit(.minutes(5))) struct ApprovedPairingTests {
  private func with(_ body: (TestHub, String) async throws -> Void) async throws {
    try await TestHub.with {
      $0.approvesPairing = true
    } _: { hub in
      try await body(hub, try await hub.running.store.createPairingCode(now: hub.skew.clock.wall()).code)
    }
  }

  private func decide(_ decision: Approval.Decision, _ code: String, at hub: TestHub) async throws {
    let outcome = try await hub.running.store.decide(decision, userCode: code, now: hub.skew.clock.wall())
    #expect(outcome != .unknown)
  }

  @Test func `a device waits until it is allowed, asking as often as it likes`() async throws {
    try await with { hub, code in
      var device = try TestDevice()
      for _ in 0..<7 {
        let waits = try await device.pair(hub, code: code)
        #expect(waits.status == 202 && waits.code == "approval_pending")
        #expect(waits.json["userCode"]?.string == code)
        #expect((1...600).contains(waits.json["expiresIn"]?.integer ?? 0))
        #expect(waits.header("retry-after") == "2" && waits.header("cache-control") == "no-store")
      }
      try await decide(.allow, code, at: hub)
      #expect(try await device.pair(hub, code: code).status == 201)
      let first = device.clientId
      #expect(try await device.pair(hub, code: code).status == 201)
      #expect(device.clientId == first)
      #expect(try await device.ask(hub, "GET", "/api/device", token: device.accessToken).status == 200)
    }
  }

  @Test func `a device can't call itself anything else once it was allowed`() async throws {
    try await with { hub, code in
      var device = try TestDevice()
      #expect(try await device.pair(hub, code: code).status == 202)
      try await decide(.allow, code, at: hub)
      let body: JSON = ["code": .string(code), "label": "another", "platform": "another"]
      let paired = try await device.ask(hub, "POST", "/api/clients/pair", token: nil, body: body.text)
      #expect(paired.status == 201)
      let known = try await hub.running.store.devices().first
      #expect(known?.label == "test" && known?.platform == "linux-x86_64")
    }
  }

  @Test func `another key gets nothing of a code that waits, and a denied one is told so`() async throws {
    try await with { hub, code in
      var (device, other) = (try TestDevice(), try TestDevice())
      #expect(try await device.pair(hub, code: code).status == 202)
      #expect(try await other.pair(hub, code: code).code == "invalid_code")
      try await decide(.deny, code, at: hub)
      let denied = try await device.pair(hub, code: code)
      #expect(denied.status == 403 && denied.code == "approval_denied")
      #expect(try await other.pair(hub, code: code).code == "invalid_code")
      #expect(try await hub.running.store.devices().isEmpty)
    }
  }

  @Test func `wrong codes and late ones are what they are elsewhere`() async throws {
    try await with { hub, code in
      var device = try TestDevice()
      #expect(try await device.pair(hub, code: code).status == 202)
      hub.skew.advance(600_000)
      device.nonce = nil
      #expect(try await device.pair(hub, code: code).code == "invalid_code")
      for _ in 0..<4 { #expect(try await device.pair(hub, code: "0000-0000").code == "invalid_code") }
      #expect(try await device.pair(hub, code: "0000-0000").status == 429)
    }
  }
}
