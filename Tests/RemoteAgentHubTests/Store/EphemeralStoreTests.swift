import RemoteAgentCore
import Testing

@testable import RemoteAgentHub

/// What the store lets an ephemeral device do, and when it ends.
@Suite struct EphemeralStoreTests {
  private static let life: Milliseconds = 600_000
  private let now = StoreFixture.now
  private let fixture: StoreFixture
  private var store: HubStore { fixture.store }

  init() async throws {
    fixture = try await StoreFixture()
  }

  private func terms(sessions: Int64 = 1, label: String? = nil) -> PairingTerms {
    var terms = PairingTerms()
    terms.label = label
    terms.ephemeral = PairingTerms.Ephemeral()
    terms.ephemeral?.life = Self.life
    terms.ephemeral?.sessions = sessions
    return terms
  }

  private func pair(sessions: Int64 = 1, label: String? = nil) async throws -> Pairing {
    let code = try await store.createPairingCode(terms(sessions: sessions, label: label), now: now).code
    let pairing = try await store.pair(
      code: code, fingerprint: "ci", label: "own", platform: "linux", address: nil, now: now)
    return try #require(pairing)
  }

  private func hello(
    _ clientId: String, _ session: String = "s1", writer: Character = "a", append: Bool = false
  ) -> SessionHello {
    SessionHello(
      clientId: clientId,
      description: SessionDescription(
        sessionId: session, writer: StoreFixture.writer(writer), append: append, control: true, title: nil, agent: nil,
        host: nil, cwd: nil, labels: []), deviceControlCursor: 0)
  }

  private func open(_ clientId: String, _ session: String = "s1") async throws -> OpenedSession {
    try #require(try await store.open(hello(clientId, session), now: now))
  }

  private func end(_ session: OpenedSession, seq: Int64 = 1, at time: Int64 = StoreFixture.now) async throws {
    let batch = StoreFixture.fact(seq, .end(bytes: 0, lines: 0))
    #expect(try await store.commit(batch, row: session.row, now: time) == seq)
  }

  private func state(_ clientId: String) async throws -> String? {
    try await store.device(clientId)?.json["state"]?.string
  }

  private func ended(at time: Int64) async throws -> [DeviceRefusal] {
    try await store.endDevices(now: time).map(\.why)
  }

  @Test func `the code's label goes before the device's own, with ephemeral codes and ordinary ones`() async throws {
    #expect(try await store.device(pair(label: "ci").clientId)?.label == "ci")
    #expect(try await store.device(pair().clientId)?.label == "own")
    var ordinary = PairingTerms()
    ordinary.label = "desk 4"
    let code = try await store.createPairingCode(ordinary, now: now).code
    let pairing = try await store.pair(
      code: code, fingerprint: "k", label: "own", platform: "linux", address: nil, version: "ra-pair/1", now: now)
    let device = try await store.device(try #require(pairing?.clientId))
    #expect(device?.label == "desk 4" && device?.version == "ra-pair/1")
    #expect(device?.json["kind"]?.string == "ordinary" && device?.expiresAt == nil)
  }

  @Test func `no refresh token outlives the device, however often it is used`() async throws {
    let pairing = try await pair()
    let end = now + Self.life
    #expect(pairing.refreshExpiresAt == end)
    #expect(try await store.grantSession(clientId: pairing.clientId, now: now).refreshExpiresAt == end)
    func verdict(_ token: String, _ kind: TokenKind, at time: Int64) async throws -> TokenVerdict {
      try await store.verify(token: token, kind: kind, fingerprint: "ci", now: time)
    }
    let valid = TokenVerdict.valid(clientId: pairing.clientId, expiresAt: end)
    #expect(try await verdict(pairing.refreshToken, .refresh, at: end - 1) == valid)
    // Refused at that moment, also if nobody has ended it yet; and it is told why as long as the token is known.
    let grant = try await store.grantSession(clientId: pairing.clientId, now: end - 1)
    for time in [end, end + 80 * 86_400_000] {
      for (token, kind) in [
        (pairing.refreshToken, .refresh), (grant.accessToken, .access), (grant.sessionToken, .session),
      ] as [(String, TokenKind)] {
        #expect(try await verdict(token, kind, at: time) == .refused(.expired, clientId: pairing.clientId))
      }
      await #expect(throws: StoreError.refused(.expired)) {
        try await store.grantSession(clientId: pairing.clientId, now: time)
      }
      await #expect(throws: StoreError.refused(.expired)) { try await store.open(hello(pairing.clientId), now: time) }
    }
  }

  @Test func `an expired device is ended once, its controls are settled and its sessions away`() async throws {
    let clientId = try await pair().clientId
    let session = try await open(clientId)
    let end = now + Self.life
    #expect(try await ended(at: end - 1) == [])
    #expect(try await state(clientId) == "paired")
    #expect(try await ended(at: end) == [.expired])
    #expect(try await ended(at: end) == [])
    #expect(try await state(clientId) == "expired")
    let device = try #require(try await store.device(clientId))
    #expect(device.revokedAt == end && device.live == 0 && device.sessions == 1)
    #expect(try await store.session(row: session.row)?.state == .away)
    // A person comes too late to be the reason.
    #expect(try await store.revoke(clientId, now: end + 1))
    #expect(try await state(clientId) == "expired")
  }

  @Test func `a code that is used again within its time gives nothing beyond the device's end`() async throws {
    var short = terms()
    short.ephemeral?.life = 60_000
    let code = try await store.createPairingCode(short, now: now).code
    func pair(at time: Int64) async throws -> Pairing? {
      try await store.pair(code: code, fingerprint: "ci", label: "", platform: "", address: nil, now: time)
    }
    let first = try #require(try await pair(at: now))
    let again = try #require(try await pair(at: now + 59_999))
    #expect(again.clientId == first.clientId && again.refreshExpiresAt == now + 60_000)
    #expect(try await pair(at: now + 60_000) == nil)
  }

  @Test func `a further session is refused, and what it has may come again`() async throws {
    let clientId = try await pair(sessions: 2).clientId
    _ = try await open(clientId, "s1")
    _ = try await open(clientId, "s2")
    await #expect(throws: StoreError.refused(.sessionsUsed)) { try await store.open(hello(clientId, "s3"), now: now) }
    // Reconnects, and another writer's append to a session that it has.
    _ = try await open(clientId, "s1")
    #expect(try await store.open(hello(clientId, "s2", writer: "b", append: true), now: now) != nil)
    await #expect(throws: StoreError.refused(.sessionsUsed)) { try await store.open(hello(clientId, "s3"), now: now) }
    #expect(try await store.device(clientId)?.sessions == 2)
    // An ordinary device has no such bound.
    for name in ["1", "2", "3"] { _ = try await fixture.open(fixture.hello(name)) }
  }

  @Test func `of sessions that are opened at once no more than allowed are`() async throws {
    let clientId = try await pair(sessions: 3).clientId
    let opened = await withTaskGroup(of: Bool.self) { group in
      for index in 0..<12 {
        group.addTask { (try? await store.open(hello(clientId, "s\(index)"), now: now)) != nil }
      }
      return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(opened == 3)
  }

  @Test func `it is never steered, whatever its hello says`() async throws {
    let session = try await open(try await pair().clientId)
    #expect(try await store.session(row: session.row)?.control == false)
    let admission = try await store.enqueueControl(row: session.row, payload: [0x7B, 0x7D], by: "t", now: now)
    #expect(admission == .notSteerable)
  }

  @Test func `it has finished when the device knows that its last session's end is stored`() async throws {
    let clientId = try await pair(sessions: 2).clientId
    let one = try await open(clientId, "s1")
    try await end(one)
    #expect(try await store.delivered(row: one.row, now: now) == nil)
    let two = try await open(clientId, "s2")
    #expect(try await store.delivered(row: two.row, now: now) == nil, "it has not ended")
    try await end(two)
    #expect(try await state(clientId) == "paired", "it may not know yet")
    #expect(try await store.delivered(row: two.row, now: now + 5) == clientId)
    #expect(try await state(clientId) == "finished")
    #expect(try await store.delivered(row: two.row, now: now + 6) == nil)
    #expect(try await store.device(clientId)?.revokedAt == now + 5)
    await #expect(throws: StoreError.refused(.finished)) { try await store.open(hello(clientId, "s2"), now: now + 6) }
  }

  @Test func `a device that lost its last acknowledgement may come for it in the grace, and no longer`() async throws {
    let clientId = try await pair().clientId
    let session = try await open(clientId)
    try await end(session, at: now + 10)
    let last = now + 10 + 59_999
    #expect(try await ended(at: last) == [])
    _ = try await store.grantSession(clientId: clientId, now: last)
    let again = try #require(try await store.open(hello(clientId), now: last))
    #expect(again.ended && again.cursor == 1)
    // Not for anything else.
    await #expect(throws: StoreError.refused(.sessionsUsed)) { try await store.open(hello(clientId, "s2"), now: last) }
    await #expect(throws: StoreError.refused(.finished)) {
      try await store.open(hello(clientId, writer: "b", append: true), now: last)
    }
    #expect(try await ended(at: last + 1) == [.finished])
  }

  @Test func `another session's lost acknowledgement is waited for too`() async throws {
    let clientId = try await pair(sessions: 2).clientId
    let (one, two) = (try await open(clientId, "s1"), try await open(clientId, "s2"))
    try await end(one)
    try await end(two)
    #expect(try await store.delivered(row: two.row, now: now) == nil)
    #expect(try await store.delivered(row: one.row, now: now) == clientId)
  }

  @Test func `the grace is over with the device's time, and it has finished all the same`() async throws {
    let clientId = try await pair().clientId
    let session = try await open(clientId)
    try await end(session, at: now + Self.life - 5)
    await #expect(throws: StoreError.refused(.finished)) {
      try await store.open(hello(clientId), now: now + Self.life)
    }
    #expect(try await ended(at: now + Self.life) == [.finished])
  }

  @Test func `an end of a writer that was displaced doesn't finish the device`() async throws {
    let clientId = try await pair().clientId
    let session = try await open(clientId)
    let newer = hello(clientId, writer: "b", append: true)
    _ = try #require(try await store.open(newer, now: now))
    try await end(session)
    // The second opening of the connection that took over.
    #expect(try #require(try await store.open(newer, now: now)).ended == false)
    #expect(try await ended(at: now + 120_000) == [])
    #expect(try await store.delivered(row: session.row, now: now) == nil)
    try await end(session, seq: 2)
    #expect(try await store.delivered(row: session.row, now: now) == clientId)
  }

  @Test func `what ended while the hub was away is ended after its start, and why is kept`() async throws {
    let clientId = try await pair().clientId
    #expect(try await fixture.reopened().endDevices(now: now + Self.life).map(\.clientId) == [clientId])
    let device = try await fixture.reopened().device(clientId)
    #expect(device?.refusal == .expired)
    let counts = try await store.counts(now: now).devices
    #expect(counts.map(\.name) == ["paired", "revoked", "expired", "finished"])
    #expect(counts.map(\.count) == [1, 0, 1, 0])
  }
}
