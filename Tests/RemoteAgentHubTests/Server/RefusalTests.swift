import RemoteAgentCore
import RemoteAgentHub
import RemoteAgentTLS
import Testing

@Suite(.timeLimit(.minutes(5))) struct RefusalTests {
  /// What a device may get wrong, one at a time, in a request to `GET /api/device`.
  enum Fault: CaseIterable {
    case noProof, twoProofs, garbledProof, badSignature, missingNonce, staleNonce, foreignNonce
    case otherMethod, otherPath, otherHost, otherTokenHash, noTokenHash, replayed
    case noToken, otherScheme, unknownToken, otherKey, otherKind, expired, revoked

    var expected: (status: Int, code: String) {
      switch self {
      case .missingNonce, .staleNonce, .foreignNonce: (401, "use_dpop_nonce")
      case .noProof, .twoProofs, .garbledProof, .badSignature, .otherMethod, .otherPath, .otherHost, .otherTokenHash,
        .noTokenHash, .replayed:
        (401, "invalid_dpop_proof")
      case .noToken, .otherScheme, .unknownToken, .otherKey, .otherKind, .expired: (401, "invalid_token")
      case .revoked: (403, "revoked")
      }
    }
  }

  @Test(arguments: Fault.allCases)
  func `a faulty request is refused with the word for its fault`(_ fault: Fault) async throws {
    try await TestHub.with { hub in
      var device = try await TestDevice.paired(with: hub)
      let path = "/api/device"
      let token = device.accessToken
      var headers = try device.headers(hub, "GET", path, token: token)
      func prove(_ proof: String) { headers[0] = ("DPoP", proof) }

      switch fault {
      case .noProof: headers.removeFirst()
      case .twoProofs: headers.append(("DPoP", try device.proof(hub, "GET", path, token: token)))
      case .garbledProof: prove("not.a.proof")
      case .badSignature:
        let other = try TestDevice().proof(hub, "GET", path, token: token, nonce: device.nonce)
        let parts = [headers[0].1, other].map { $0.split(separator: ".") }
        prove("\(parts[0][0]).\(parts[0][1]).\(parts[1][2])")
      case .missingNonce:
        device.nonce = nil
        prove(try device.proof(hub, "GET", path, token: token))
      case .staleNonce: hub.skew.advance(301_000)
      case .foreignNonce:
        prove(
          try device.proof(
            hub, "GET", path, token: token,
            nonce: NonceSource(key: SecureRandom.bytes(32)).nonce(now: hub.skew.clock.monotonic())))
      case .otherMethod: prove(try device.proof(hub, "DELETE", path, token: token))
      case .otherPath: prove(try device.proof(hub, "GET", "/api/clients/stream", token: token))
      case .otherHost:
        prove(
          try device.proof(hub, "GET", path, token: token, url: "https://hub.example:\(hub.running.port)\(path)"))
      case .otherTokenHash: prove(try device.proof(hub, "GET", path, token: device.refreshToken))
      case .noTokenHash: prove(try device.proof(hub, "GET", path, token: nil))
      case .replayed:
        #expect(try await hub.ask("GET", path, headers: headers).status == 200)
      case .noToken: headers = [("DPoP", try device.proof(hub, "GET", path, token: nil))]
      case .otherScheme:
        headers = [("DPoP", try device.proof(hub, "GET", path, token: nil)), ("Authorization", "Bearer \(token)")]
      case .unknownToken: headers = try device.headers(hub, "GET", path, token: "raa_unknown")
      case .otherKey:
        var thief = try TestDevice()
        thief.nonce = device.nonce
        headers = try thief.headers(hub, "GET", path, token: token)
      case .otherKind: headers = try device.headers(hub, "GET", path, token: device.refreshToken)
      case .expired:
        hub.skew.advance(3_601_000)
        device.nonce = try await hub.ask("GET", "/").nonce
        headers = try device.headers(hub, "GET", path, token: token)
      case .revoked:
        #expect(try await hub.running.store.revoke(device.clientId, now: hub.skew.clock.wall()))
      }

      let answer = try await hub.ask("GET", path, headers: headers)
      #expect(answer.status == fault.expected.status)
      #expect(answer.code == fault.expected.code)
      #expect(answer.header("content-type") == "application/problem+json")
      #expect(answer.json["status"]?.integer == Int64(fault.expected.status))
      #expect(answer.nonce != nil)
      let challenge = answer.header("www-authenticate")
      #expect(challenge == (answer.status == 401 ? "DPoP error=\"\(fault.expected.code)\", algs=\"ES256\"" : nil))
    }
  }

  @Test func `a proof that was refused for its token may be used again`() async throws {
    try await TestHub.with { hub in
      let device = try await TestDevice.paired(with: hub)
      let headers = try device.headers(hub, "GET", "/api/device", token: "raa_unknown")
      for _ in 0..<2 {
        let answer = try await hub.ask("GET", "/api/device", headers: headers)
        #expect(answer.code == "invalid_token")
      }
    }
  }

  @Test func `an address is compared normalised`() async throws {
    try await TestHub.with { hub in
      let device = try await TestDevice.paired(with: hub)
      for host in ["LOCALHOST", "127.0.0.1", "[::1]"] {
        let proof = try device.proof(
          hub, "GET", "/api/device", token: device.accessToken,
          url: "HTTPS://\(host):\(hub.running.port)/api/x/../devic%65")
        let answer = try await hub.ask(
          "GET", "/api/device", headers: [("DPoP", proof), ("Authorization", "dpop \(device.accessToken)")])
        #expect(answer.status == 200)
      }
    }
  }

  @Test func `a path that is not there says nothing, whoever asks and how`() async throws {
    try await TestHub.with { hub in
      for (method, path) in [
        ("GET", "/nothing"), ("POST", "/api/clients/pair/"), ("DELETE", "/api/agents/"), ("GET", "/hub.db"),
        ("GET", "/assets/index.html"), ("GET", "/assets/../hub.db"), ("GET", "/sessions/a/b"), ("GET", "//"),
      ] {
        let answer = try await hub.ask(method, path)
        #expect(answer.status == 404)
        #expect(answer.code == "not_found")
        #expect(answer.json["title"]?.string == "Not Found")
      }
    }
  }

  @Test func `a wrong method is told before a large body and a bad proof`() async throws {
    try await TestHub.with { hub in
      let body = String(repeating: "x", count: 70_000)
      let answer = try await hub.ask("PUT", "/api/device", headers: [("DPoP", "junk")], body: body)
      #expect(answer.status == 405)
      #expect(answer.code == "method_not_allowed")
      #expect(answer.header("allow") == "GET, DELETE")
    }
  }

  @Test func `a large body is told before a bad proof, with and without a length`() async throws {
    try await TestHub.with { hub in
      let body = String(repeating: "x", count: 65_537)
      let counted = try await hub.ask("POST", "/api/clients/pair", headers: [("DPoP", "junk")], body: body)
      #expect(counted.status == 413)
      #expect(counted.code == "too_large")

      let connection = try await TestConnection.open(to: hub)
      try await connection.request("POST", "/api/clients/pair", headers: [("Transfer-Encoding", "chunked")])
      try await connection.send("10001\r\n\(body)\r\n0\r\n\r\n")
      let chunked = try await connection.answer()
      #expect(chunked.status == 413)
      #expect(chunked.nonce != nil)
      #expect(try await !connection.more())
    }
  }

  @Test func `a large header block is refused before all else, and the connection ends`() async throws {
    try await TestHub.with { hub in
      let connection = try await TestConnection.open(to: hub)
      try await connection.request("GET", "/nothing", headers: [("X-Large", String(repeating: "x", count: 16_400))])
      let answer = try await connection.answer()
      #expect(answer.status == 431)
      #expect(answer.code == "too_large")
      #expect(answer.nonce != nil)
      #expect(try await !connection.more())
    }
  }

  @Test func `what is no HTTP is answered with 400`() async throws {
    try await TestHub.with { hub in
      let connection = try await TestConnection.open(to: hub)
      try await connection.send("hello, hub\r\n\r\n")
      let answer = try await connection.answer()
      #expect(answer.status == 400)
      #expect(try await !connection.more())
    }
  }

  @Test func `the hub says that it is well`() async throws {
    try await TestHub.with { hub in
      let answer = try await hub.ask("GET", "/healthz")
      #expect(answer.status == 200)
    }
  }
}
