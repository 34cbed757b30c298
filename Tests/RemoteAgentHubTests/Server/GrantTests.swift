import RemoteAgentCore
import RemoteAgentHub
import RemoteAgentProcess
import RemoteAgentTLS
import Synchronization
import Testing

/// The device authorization grant (RFC 8628) as a device sees it.
@Suite(.timeLimit(.minutes(5))) struct GrantTests {
  private static let form = "application/x-www-form-urlencoded"
  private static let request = "client_id=ra-pair&label=desk&platform=linux-x86_64"

  private func post(
    _ path: String, _ body: String, by device: inout TestDevice, to hub: TestHub, type: String = form
  ) async throws -> TestAnswer {
    if device.nonce == nil { device.nonce = try await hub.ask("GET", "/nothing").nonce }
    let headers = try device.headers(hub, "POST", path, token: nil) + [("Content-Type", type)]
    let answer = try await hub.ask("POST", path, headers: headers, body: body)
    device.nonce = answer.nonce
    return answer
  }

  /// A request to be paired that was taken.
  private func ask(_ hub: TestHub, by device: inout TestDevice) async throws -> JSON {
    let answer = try await post("/oauth/device_authorization", Self.request, by: &device, to: hub)
    guard answer.status == 200 else { throw TestFailure("\(answer.status) \(answer.bodyText)") }
    return answer.json
  }

  private func poll(_ hub: TestHub, _ grant: JSON, by device: inout TestDevice) async throws -> TestAnswer {
    let code = grant["device_code"]?.string ?? ""
    return try await post(
      "/oauth/token",
      "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&client_id=ra-pair&device_code=\(code)",
      by: &device, to: hub)
  }

  private func decide(_ decision: Approval.Decision, _ grant: JSON, at hub: TestHub) async throws {
    let outcome = try await hub.running.store.decide(
      decision, userCode: grant["user_code"]?.string ?? "", now: hub.skew.clock.wall())
    #expect(outcome != .unknown)
  }

  @Test func `a device asks, somebody allows it, and its tokens open what they are for`() async throws {
    try await TestHub.with { hub in
      var device = try TestDevice()
      let answer = try await post("/oauth/device_authorization", Self.request, by: &device, to: hub)
      #expect(answer.status == 200)
      #expect(answer.header("cache-control") == "no-store")
      let grant = answer.json
      let userCode = grant["user_code"]?.string ?? ""
      #expect(userCode.wholeMatch(of: /[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}/) != nil)
      #expect(grant["verification_uri"]?.string == hub.running.url + "/pair")
      #expect(grant["verification_uri_complete"]?.string == hub.running.url + "/pair#" + userCode)
      #expect(grant["interval"]?.integer == 5)
      #expect((1...600).contains(grant["expires_in"]?.integer ?? 0))

      let waits = try await poll(hub, grant, by: &device)
      #expect(waits.status == 400 && waits.json["error"]?.string == "authorization_pending")
      #expect(waits.header("cache-control") == "no-store" && waits.nonce != nil)
      try await decide(.allow, grant, at: hub)
      let paired = try await poll(hub, grant, by: &device)
      #expect(paired.status == 200)
      #expect(paired.header("cache-control") == "no-store")
      #expect(paired.json["token_type"]?.string == "DPoP")
      #expect((1...3_600).contains(paired.json["expires_in"]?.integer ?? 0))
      device.accessToken = paired.json["access_token"]?.string ?? ""
      device.refreshToken = paired.json["refresh_token"]?.string ?? ""
      let known = try await device.ask(hub, "GET", "/api/device", token: device.accessToken)
      #expect(known.json["clientId"] == paired.json["clientId"])
      #expect(known.json["label"]?.string == "desk" && known.json["platform"]?.string == "linux-x86_64")
      #expect(known.json["fingerprint"]?.string == device.key.publicKey.thumbprint)
      #expect(try await device.sessionToken(hub).isEmpty == false)

      // The answer was lost: the same key is answered again.
      #expect(try await poll(hub, grant, by: &device).json["clientId"] == paired.json["clientId"])
    }
  }

  @Test func `a device that asks too often is told to slow down, by five seconds each time`() async throws {
    let clock = StillClock()
    try await TestHub.with {
      $0.clock = clock.clock
    } _: { hub in
      var device = try TestDevice()
      let grant = try await ask(hub, by: &device)
      // Each step is when the device asks, in milliseconds after it did before, and what it is told.
      for (pause, word) in [
        (Int64(0), "authorization_pending"), (5_000, "authorization_pending"), (4_999, "slow_down"),
        (9_999, "slow_down"), (15_000, "authorization_pending"),
      ] {
        clock.advance(pause)
        #expect(try await poll(hub, grant, by: &device).json["error"]?.string == word)
      }
    }
  }

  @Test func `what is denied, expired or another key's is told apart`() async throws {
    try await TestHub.with { hub in
      var (device, other) = (try TestDevice(), try TestDevice())
      let (denied, late) = (try await ask(hub, by: &device), try await ask(hub, by: &device))
      try await decide(.deny, denied, at: hub)
      #expect(try await poll(hub, denied, by: &device).json["error"]?.string == "access_denied")
      try await decide(.allow, late, at: hub)
      #expect(try await poll(hub, late, by: &other).json["error"]?.string == "invalid_grant")
      hub.skew.advance(600_000)
      device.nonce = nil
      for grant in [denied, late] {
        #expect(try await poll(hub, grant, by: &device).json["error"]?.string == "expired_token")
      }
      #expect(try await poll(hub, ["device_code": "NONE"], by: &device).json["error"]?.string == "invalid_grant")
    }
  }

  @Test func `a device that was revoked gets nothing more for its device code`() async throws {
    try await TestHub.with { hub in
      var device = try TestDevice()
      let grant = try await ask(hub, by: &device)
      try await decide(.allow, grant, at: hub)
      let clientId = try await poll(hub, grant, by: &device).json["clientId"]?.string ?? ""
      #expect(try await hub.running.store.revoke(clientId, now: hub.skew.clock.wall()))
      #expect(try await poll(hub, grant, by: &device).json["error"]?.string == "invalid_grant")
    }
  }

  @Test(arguments: [
    ("client_id=other&label=a&platform=b", "invalid_client"), ("label=a&platform=b", "invalid_request"),
    ("client_id=ra-pair&platform=b", "invalid_request"), ("client_id=ra-pair&label=a", "invalid_request"),
    ("client_id=ra-pair&label=a&label=b&platform=b", "invalid_request"),
    ("client_id=ra-pair&label=%zz&platform=b", "invalid_request"),
    ("client_id=ra-pair&label=%ff&platform=b", "invalid_request"), ("", "invalid_request"),
    ("client_id=ra-pair&platform=b&label=" + String(repeating: "%C3%A9", count: 129), "invalid_request"),
  ])
  func `a request that is not as it must be is refused in OAuth's words`(body: String, word: String) async throws {
    try await TestHub.with { hub in
      var device = try TestDevice()
      let answer = try await post("/oauth/device_authorization", body, by: &device, to: hub)
      #expect(answer.status == 400 && answer.json["error"]?.string == word)
      #expect(answer.json["error_description"]?.string?.isEmpty == false)
      #expect(answer.header("content-type") == "application/json" && answer.header("cache-control") == "no-store")
      #expect(try await hub.running.store.approvals(now: 0).isEmpty)
    }
  }

  @Test(arguments: [
    ("grant_type=refresh_token&client_id=ra-pair", "unsupported_grant_type"), ("client_id=ra-pair", "invalid_request"),
    ("grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=ra-pair", "invalid_request"),
    ("grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=x&device_code=A", "invalid_client"),
  ])
  func `so is one for a token`(body: String, word: String) async throws {
    try await TestHub.with { hub in
      var device = try TestDevice()
      let answer = try await post("/oauth/token", body, by: &device, to: hub)
      #expect(answer.status == 400 && answer.json["error"]?.string == word)
    }
  }

  @Test func `proofs are asked for as elsewhere, in OAuth's words, and are spent`() async throws {
    try await TestHub.with { hub in
      var device = try TestDevice()
      for path in ["/oauth/device_authorization", "/oauth/token"] {
        let none = try await hub.ask("POST", path, headers: [("Content-Type", Self.form)], body: Self.request)
        #expect(none.status == 400 && none.json["error"]?.string == "invalid_dpop_proof")
        let proof = try device.proof(hub, "POST", path, token: nil, nonce: "stale")
        let stale = try await hub.ask(
          "POST", path, headers: [("Content-Type", Self.form), ("DPoP", proof)], body: Self.request)
        #expect(stale.status == 400 && stale.json["error"]?.string == "use_dpop_nonce")
        device.nonce = stale.nonce
        let json = try await post(path, "{}", by: &device, to: hub, type: "application/json")
        #expect(json.json["error"]?.string == "invalid_request")
        #expect(try await hub.ask("GET", path).header("allow") == "POST")
      }
      let path = "/oauth/device_authorization"
      let headers = try device.headers(hub, "POST", path, token: nil) + [("Content-Type", Self.form)]
      #expect(try await hub.ask("POST", path, headers: headers, body: Self.request).status == 200)
      let again = try await hub.ask("POST", path, headers: headers, body: Self.request)
      #expect(again.status == 400 && again.json["error"]?.string == "invalid_dpop_proof")
    }
  }

  @Test func `what is refused spends no proof: strangers can't fill what remembers those`() async throws {
    try await TestHub.with { hub in
      var device = try TestDevice()
      device.nonce = try await hub.ask("GET", "/nothing").nonce
      let headers = try device.headers(hub, "POST", "/oauth/token", token: nil) + [("Content-Type", Self.form)]
      for _ in 0..<2 {
        let answer = try await hub.ask("POST", "/oauth/token", headers: headers, body: "x")
        #expect(answer.status == 400 && answer.json["error"]?.string == "invalid_request")
      }
    }
  }

  @Test func `a device is called what was allowed, however it fetches its tokens`() async throws {
    try await TestHub.with { hub in
      var device = try TestDevice()
      let grant = try await ask(hub, by: &device)
      try await decide(.allow, grant, at: hub)
      let paired = try await device.ask(
        hub, "POST", "/api/clients/pair", token: nil,
        body: #"{"code":"\#(grant["device_code"]?.string ?? "")","label":"boss","platform":"p"}"#)
      #expect(paired.status == 201)
      let devices = try await hub.running.store.devices()
      #expect(devices.map(\.label) == ["desk"])
    }
  }

  @Test func `who fills the hub with requests is told when there is room again`() async throws {
    try await TestHub.with {
      $0.grants.perNetwork = 2
    } _: { hub in
      var device = try TestDevice()
      for _ in 0..<2 { _ = try await ask(hub, by: &device) }
      let full = try await post("/oauth/device_authorization", Self.request, by: &device, to: hub)
      #expect(full.status == 429 && full.json["error"]?.string == "temporarily_unavailable")
      #expect((1...600).contains(full.header("retry-after").flatMap { Int($0) } ?? 0))
      hub.skew.advance(600_000)
      device.nonce = nil
      _ = try await ask(hub, by: &device)
    }
  }

  @Test func `who tries device codes has to wait, with a right one too`() async throws {
    let clock = StillClock()
    try await TestHub.with {
      $0.clock = clock.clock
    } _: { hub in
      var device = try TestDevice()
      let grant = try await ask(hub, by: &device)
      for _ in 0..<20 {
        #expect(try await poll(hub, ["device_code": "NONE"], by: &device).json["error"]?.string == "invalid_grant")
      }
      let refused = try await poll(hub, grant, by: &device)
      #expect(refused.status == 429 && refused.header("retry-after") != nil)
      clock.advance(61_000)
      #expect(try await poll(hub, grant, by: &device).json["error"]?.string == "authorization_pending")
    }
  }
}

/// Clocks that only a test moves: however busy the machine is, what is asked within an interval is.
private final class StillClock: Sendable {
  private let passed = Mutex<Int64>(0)
  private let start = WallClock.now

  func advance(_ span: Milliseconds) { passed.withLock { $0 += span } }

  var clock: HubClock {
    HubClock(monotonic: { 1 + self.passed.withLock { $0 } }, wall: { self.start + self.passed.withLock { $0 } })
  }
}

@Suite struct GrantPacingTests {
  @Test func `the first question is free, each that comes too soon makes the wait longer`() {
    var pacing = GrantPacing(life: 600_000)
    let steps: [(Int64, Bool)] = [
      (0, false), (5_000, false), (9_999, true), (19_998, true), (34_998, false), (49_997, true),
    ]
    for (time, isTooSoon) in steps {
      let found = pacing.isTooSoon("A", now: time)
      #expect(found == isTooSoon, "\(time)")
    }
    let other = pacing.isTooSoon("B", now: 49_998)
    #expect(!other)
  }

  @Test func `who has not asked for a request's life is forgotten`() {
    var pacing = GrantPacing(life: 600_000)
    for index in 0..<1_000 { _ = pacing.isTooSoon("\(index)", now: Int64(index) * 10_000) }
    #expect(pacing.count <= 61)
  }
}
