import RemoteAgentCore
import RemoteAgentHub
import Testing

@Suite struct TokenTests {
  private let now = StoreFixture.now
  private let fixture: StoreFixture

  init() async throws {
    fixture = try await StoreFixture()
  }

  @Test func `a token is good for its kind, its key and its life`() async throws {
    let store = fixture.store
    let pairing = try await StoreFixture.pair(in: store)
    let grant = try await store.grantSession(clientId: pairing.clientId, now: now)
    let tokens: [(TokenKind, String, Int64)] = [
      (.session, grant.sessionToken, grant.expiresAt), (.access, grant.accessToken, grant.accessExpiresAt),
      (.access, pairing.accessToken, pairing.accessExpiresAt),
    ]
    #expect(grant.expiresAt == now + 900_000 && grant.accessExpiresAt == now + 3_600_000)
    for (kind, token, expiresAt) in tokens {
      let valid = TokenVerdict.valid(clientId: pairing.clientId, expiresAt: expiresAt)
      #expect(try await store.verify(token: token, kind: kind, fingerprint: "key", now: expiresAt - 1) == valid)
      #expect(try await store.verify(token: token, kind: kind, fingerprint: "key", now: expiresAt) == .invalid)
      #expect(try await store.verify(token: token, kind: kind, fingerprint: "other", now: now) == .invalid)
      for other in TokenKind.allCases where other != kind {
        #expect(try await store.verify(token: token, kind: other, fingerprint: "key", now: now) == .invalid)
      }
    }
    #expect(try await store.verify(token: "ras_nothing", kind: .session, fingerprint: "key", now: now) == .invalid)
  }

  @Test func `a refresh token lives from its last use`() async throws {
    let store = fixture.store
    let pairing = try await StoreFixture.pair(in: store)
    let life: Int64 = 90 * 86_400_000
    for use in 1...3 as ClosedRange<Int64> {
      let time = now + use * (life - 1)
      let verdict = try await store.verify(token: pairing.refreshToken, kind: .refresh, fingerprint: "key", now: time)
      #expect(verdict == .valid(clientId: pairing.clientId, expiresAt: time + life))
    }
    let late = now + 3 * (life - 1) + life
    #expect(
      try await store.verify(token: pairing.refreshToken, kind: .refresh, fingerprint: "key", now: late) == .invalid)
  }

  @Test func `a revoked device's tokens say so, to its own key only`() async throws {
    let pairing = try await StoreFixture.pair(in: fixture.store)
    #expect(try await fixture.store.revoke(pairing.clientId, now: now))
    #expect(try await fixture.store.revoke(pairing.clientId, now: now + 5))
    #expect(try await fixture.store.revoke("c_nobody", now: now) == false)
    for store in [fixture.store, try fixture.reopened()] {
      let revoked = TokenVerdict.refused(.revoked, clientId: pairing.clientId)
      #expect(
        try await store.verify(token: pairing.refreshToken, kind: .refresh, fingerprint: "key", now: now) == revoked)
      #expect(
        try await store.verify(token: pairing.accessToken, kind: .access, fingerprint: "key", now: now) == revoked)
      #expect(
        try await store.verify(token: pairing.refreshToken, kind: .refresh, fingerprint: "other", now: now) == .invalid)
      #expect(try await store.device(pairing.clientId)?.revokedAt == now)
      await #expect(throws: StoreError.refused(.revoked)) {
        try await store.grantSession(clientId: pairing.clientId, now: now)
      }
    }
  }

  @Test func `a revocation settles the device's controls, and takes no more`() async throws {
    let store = fixture.store
    let row = try await fixture.open(fixture.hello()).row
    let sent = try await fixture.send("one", to: row)
    _ = try await fixture.send("two", to: row)
    try await store.controlSent(of: .session(row), seq: sent, now: now)
    #expect(try await store.revoke(fixture.clientId, now: now))
    #expect(try await fixture.results(row) == [.unknown, .expired])
    #expect(try await store.enqueueControl(row: row, payload: [0x7B, 0x7D], by: "t", now: now) == .notSteerable)
    #expect(try await store.session(row: row)?.control == false)
  }

  @Test func `that a device was here is written once a minute, and at once if it comes otherwise`() async throws {
    let (store, id) = (fixture.store, fixture.clientId)
    func seen(_ address: String?, _ version: String?, after span: Int64) async throws -> Int64? {
      try await store.seen(clientId: id, address: address, version: version, now: now + span)
      return try await store.device(id)?.lastSeenAt
    }
    #expect(try await seen("192.0.2.7", nil, after: 59_999) == now)
    #expect(try await seen("192.0.2.7", nil, after: 60_000) == now + 60_000)
    #expect(try await seen("192.0.2.8", nil, after: 60_001) == now + 60_001)
    #expect(try await seen(nil, "ra-tunnel/9", after: 60_002) == now + 60_002)
    #expect(try await seen(nil, nil, after: 60_003) == now + 60_002)
    let device = try await store.device(id)
    #expect(device?.address == "192.0.2.8" && device?.version == "ra-tunnel/9")
  }

  @Test func `a device is seen while it is connected, and as it leaves`() async throws {
    let (store, id) = (fixture.store, fixture.clientId)
    let row = try await fixture.open(fixture.hello()).row
    try await store.seenConnected(now: now + 60_000)
    #expect(try await store.device(id)?.lastSeenAt == now + 60_000)
    #expect(try await store.device(id)?.live == 1)
    try await store.disconnected(row: row, now: now + 70_000)
    try await store.seenConnected(now: now + 120_000)
    #expect(try await store.device(id)?.lastSeenAt == now + 70_000)
    #expect(try await store.device(id)?.live == 0)
  }

  @Test func `news of a device come when a session of it connects and leaves`() async throws {
    let store = fixture.store
    let feed = store.changes.all()
    let row = try await fixture.open(fixture.hello()).row
    #expect(feed.take().devices == [fixture.clientId])
    try await store.disconnected(row: row, now: now)
    #expect(feed.take().devices == [fixture.clientId])
  }

  @Test func `a device is shown as it was last seen`() async throws {
    let store = fixture.store
    _ = try await fixture.open(fixture.hello("s1"))
    _ = try await fixture.open(fixture.hello("s2"))
    try await store.seen(clientId: fixture.clientId, address: nil, version: "ra-tunnel/9", now: now + 7)
    let device = try #require(try await store.device(fixture.clientId))
    #expect(
      device.json.text == """
        {"clientId":"\(fixture.clientId)","label":"desk","platform":"linux-x86_64","fingerprint":"key",\
        "kind":"ordinary","state":"paired","address":"192.0.2.7","version":"ra-tunnel/9","pairedAt":\(now),\
        "lastSeenAt":\(now + 7),"expiresAt":null,"revokedAt":null,"sessions":2,"live":2,"sessionLimit":null,\
        "starts":"no"}
        """)
    #expect(try await store.devices() == [device])
    #expect(try await store.device("c_nobody") == nil)
  }
}
