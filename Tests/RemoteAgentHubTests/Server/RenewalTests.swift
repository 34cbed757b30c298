import RemoteAgentCore
import RemoteAgentHub
import Testing

@Suite(.timeLimit(.minutes(5))) struct RenewalTests {
  private static func auth(_ token: String, _ proof: String) -> String {
    let payload: JSON = ["token": .string(token), "proof": .string(proof)]
    return "{\"type\":\"auth\",\"payload\":\(payload.text)}"
  }

  @Test func `a renewed token prolongs the connection beyond the first one's life`() async throws {
    try await TestHub.with {
      $0.session.heartbeatTimeout = 10_000_000
    } _: { hub in
      var device = try await TestDevice.paired(with: hub)
      let stream = try await device.stream(hub)
      _ = try await stream.greet()
      hub.skew.advance(600_000)
      device.nonce = nil
      let token = try await device.sessionToken(hub)
      try await stream.send(Self.auth(token, try device.proof(hub, "GET", "/api/clients/stream", token: token)))
      let answer = try await stream.next("auth").payload
      #expect(answer["expiresIn"]?.integer ?? 0 > 800)
      hub.skew.advance(600_000)
      try await stream.log(1)
      try await stream.acknowledged(1)
    }
  }

  @Test func `an expired token closes the connection`() async throws {
    try await TestHub.with {
      $0.session.heartbeatTimeout = 10_000_000
    } _: { hub in
      var device = try await TestDevice.paired(with: hub)
      let stream = try await device.stream(hub)
      _ = try await stream.greet()
      hub.skew.advance(901_000)
      try await stream.send("")
      let end = try await stream.end()
      #expect(end.code == 4401)
      #expect(end.error == "unauthorized")
    }
  }

  @Test func `a stale nonce is answered with a new one, and no close`() async throws {
    try await TestHub.with { hub in
      var device = try await TestDevice.paired(with: hub)
      let stream = try await device.stream(hub)
      _ = try await stream.greet()
      let token = try await device.sessionToken(hub)
      let path = "/api/clients/stream"
      try await stream.send(Self.auth(token, try device.proof(hub, "GET", path, token: token, nonce: "stale")))
      let error = try await stream.next("error").payload
      #expect(error["code"]?.string == "use_dpop_nonce")
      let nonce = try #require(error["nonce"]?.string)
      try await stream.send(Self.auth(token, try device.proof(hub, "GET", path, token: token, nonce: nonce)))
      _ = try await stream.next("auth")
    }
  }

  enum Fault: CaseIterable { case othersToken, otherKey, thiefsProof, replayed, otherMethod, unknownToken }

  @Test(arguments: Fault.allCases)
  func `a bad renewal closes the connection`(_ fault: Fault) async throws {
    try await TestHub.with { hub in
      var device = try await TestDevice.paired(with: hub)
      let stream = try await device.stream(hub)
      _ = try await stream.greet()
      let path = "/api/clients/stream"
      var token = try await device.sessionToken(hub)
      var proof = try device.proof(hub, "GET", path, token: token)
      switch fault {
      case .othersToken:
        var other = try await TestDevice.paired(with: hub)
        token = try await other.sessionToken(hub)
        proof = try device.proof(hub, "GET", path, token: token)
      case .otherKey:
        var other = try await TestDevice.paired(with: hub)
        token = try await other.sessionToken(hub)
        proof = try other.proof(hub, "GET", path, token: token)
      case .thiefsProof:
        var thief = try TestDevice()
        thief.nonce = device.nonce
        proof = try thief.proof(hub, "GET", path, token: token)
      case .replayed:
        try await stream.send(Self.auth(token, proof))
        _ = try await stream.next("auth")
      case .otherMethod: proof = try device.proof(hub, "POST", path, token: token)
      case .unknownToken:
        token = "ras_unknown"
        proof = try device.proof(hub, "GET", path, token: token)
      }
      try await stream.send(Self.auth(token, proof))
      #expect(try await stream.end().code == 4401)
    }
  }
}
