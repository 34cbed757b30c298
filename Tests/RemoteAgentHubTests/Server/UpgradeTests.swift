import RemoteAgentCore
import RemoteAgentHub
import Testing

@Suite(.timeLimit(.minutes(5))) struct UpgradeTests {
  private static let path = "/api/clients/stream"

  @Test func `an upgrade on the connection that fetched the token is accepted`() async throws {
    try await TestHub.with { hub in
      var device = try await TestDevice.paired(with: hub)
      let connection = try await TestConnection.open(to: hub)
      try await connection.request(
        "POST", "/api/clients/session",
        headers: device.headers(hub, "POST", "/api/clients/session", token: device.refreshToken), body: "{}")
      let session = try await connection.answer()
      device.nonce = session.nonce
      let token = try #require(session.json["sessionToken"]?.string)
      try await connection.request("GET", Self.path, headers: device.upgradeHeaders(hub, token: token))
      let answer = try await connection.answer()
      #expect(answer.status == 101)
      #expect(answer.header("sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
      #expect(answer.header("sec-websocket-protocol") == "remote-agent.v1")
      #expect(answer.nonce != nil)
      #expect(answer.header("transfer-encoding") == nil)
      _ = try await TestStream(connection).greet()
    }
  }

  @Test func `a stale nonce is told, and the same connection may try again`() async throws {
    try await TestHub.with { hub in
      var device = try await TestDevice.paired(with: hub)
      let token = try await device.sessionToken(hub)
      let connection = try await TestConnection.open(to: hub)
      hub.skew.advance(301_000)
      try await connection.request("GET", Self.path, headers: device.upgradeHeaders(hub, token: token))
      let refused = try await connection.answer()
      #expect(refused.status == 401)
      #expect(refused.code == "use_dpop_nonce")
      device.nonce = refused.nonce
      try await connection.request("GET", Self.path, headers: device.upgradeHeaders(hub, token: token))
      #expect(try await connection.answer().status == 101)
      _ = try await TestStream(connection).greet()
    }
  }

  /// What is wrong with an upgrade whose proof and token are good.
  enum Fault: CaseIterable {
    case noUpgrade, otherUpgrade, noSubprotocol, otherSubprotocol, noVersion, badKey

    var expected: (status: Int, code: String) {
      switch self {
      case .noUpgrade, .otherUpgrade, .noVersion: (426, "upgrade_required")
      case .noSubprotocol, .otherSubprotocol, .badKey: (400, "bad_request")
      }
    }
  }

  @Test(arguments: Fault.allCases)
  func `an upgrade that is none is refused before the 101`(_ fault: Fault) async throws {
    try await TestHub.with { hub in
      var device = try await TestDevice.paired(with: hub)
      var headers = try device.upgradeHeaders(hub, token: try await device.sessionToken(hub))
      func set(_ name: String, _ value: String?) {
        headers.removeAll { $0.0 == name }
        if let value { headers.append((name, value)) }
      }
      switch fault {
      case .noUpgrade:
        set("Upgrade", nil)
        set("Connection", nil)
      case .otherUpgrade: set("Upgrade", "h2c")
      case .noSubprotocol: set("Sec-WebSocket-Protocol", nil)
      case .otherSubprotocol: set("Sec-WebSocket-Protocol", "remote-agent.v2")
      case .noVersion: set("Sec-WebSocket-Version", nil)
      case .badKey: set("Sec-WebSocket-Key", "c2hvcnQ=")
      }
      let answer = try await hub.ask("GET", Self.path, headers: headers)
      #expect(answer.status == fault.expected.status)
      #expect(answer.code == fault.expected.code)
      #expect(answer.nonce != nil)
    }
  }

  @Test func `without a proof an upgrade meets what every request meets`() async throws {
    try await TestHub.with { hub in
      let upgrade = [("Connection", "Upgrade"), ("Upgrade", "websocket")]
      let bare = try await hub.ask("GET", Self.path, headers: upgrade)
      #expect(bare.status == 401)
      #expect(bare.code == "invalid_dpop_proof")
      #expect(bare.header("www-authenticate")?.contains("ES256") == true)
      #expect(try await hub.ask("POST", Self.path, headers: upgrade, body: "").status == 405)
      #expect(try await hub.ask("GET", "/other", headers: upgrade).status == 404)
    }
  }

  @Test func `an upgrade with a body is answered, and the connection ends`() async throws {
    try await TestHub.with { hub in
      let connection = try await TestConnection.open(to: hub)
      try await connection.request(
        "GET", Self.path, headers: [("Connection", "Upgrade"), ("Upgrade", "websocket")], body: "body")
      let answer = try await connection.answer()
      #expect(answer.status == 401)
      #expect(answer.header("connection") == "close")
      #expect(try await !connection.more())
    }
  }

  @Test func `a revoked device is refused before the upgrade`() async throws {
    try await TestHub.with { hub in
      var device = try await TestDevice.paired(with: hub)
      let token = try await device.sessionToken(hub)
      _ = try await hub.running.store.revoke(device.clientId, now: hub.skew.clock.wall())
      let answer = try await hub.ask("GET", Self.path, headers: device.upgradeHeaders(hub, token: token))
      #expect(answer.status == 403)
      #expect(answer.code == "revoked")
    }
  }
}
