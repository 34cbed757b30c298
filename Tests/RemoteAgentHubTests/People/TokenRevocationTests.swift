import RemoteAgentCore
import Testing

@testable import RemoteAgentHub

/// What is being read with a token ends with it.
@Suite(.timeLimit(.minutes(5))) struct TokenRevocationTests {
  /// Long enough for any machine, and shorter than what a stream would be silent for.
  private static let patience = Duration.seconds(10)

  private struct GoesOn: Error {}

  /// Throws ``GoesOn`` if the work is not done by then.
  private func within<Value: Sendable>(
    _ patience: Duration = Self.patience, _ work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
      group.addTask(operation: work)
      group.addTask {
        try await Task.sleep(for: patience)
        throw GoesOn()
      }
      defer { group.cancelAll() }
      guard let value = try await group.next() else { throw GoesOn() }
      return value
    }
  }

  private func revoke(_ fixture: PersonFixture) async throws {
    let id = try await fixture.store.personTokens(now: 0).first { $0.name == "script" }?.id ?? ""
    #expect(try await fixture.store.revokePersonToken(id))
  }

  @Test func `event streams end, and another token's go on`() async throws {
    try await PersonFixture.with { fixture in
      let log = try await fixture.events(fixture.path + "/logs")
      let all = try await fixture.events("/api/agents/stream")
      #expect(try await log.next("agent") != nil)
      #expect(try await all.next("approvals") != nil)
      let kept = try await fixture.store.createPersonToken(.api, name: "kept", now: fixture.hub.skew.clock.wall())
        .secret
      let connection = try await TestConnection.open(to: fixture.hub)
      try await connection.request("GET", "/api/agents/stream", headers: [("Authorization", "Bearer \(kept)")])
      let others = TestEvents(connection: connection, head: try await connection.head())
      try await until { fixture.store.changes.count >= 3 }
      try await revoke(fixture)
      #expect(try await within { try await log.rest() } == [])
      #expect(await log.isWhole)
      #expect(try await within { try await all.rest() } == [])
      try await fixture.store(1...1)
      #expect(try await others.next("agent") != nil)
      try await until { fixture.store.changes.count <= 1 }
    }
  }

  @Test func `a list of lines is seen to be cut`() async throws {
    try await PersonFixture.with { fixture in
      try await fixture.store(1...1)
      let lines = try await TestConnection.open(to: fixture.hub)
      try await lines.request(
        "GET", fixture.path + "/logs", headers: fixture.authorized + [("Accept", "application/x-ndjson")])
      _ = try await lines.head()
      #expect(try await lines.chunk()?.isEmpty == false)
      try await until { fixture.store.changes.count >= 1 }
      try await revoke(fixture)
      await #expect(throws: TestFailure.self) { try await within { try await lines.chunkedBody() } }
    }
  }

  @Test func `a download that nobody takes is cut`() async throws {
    try await PersonFixture.with { fixture in
      let text = String(repeating: "x", count: 1_000_000)
      for seq in Int64(1)...24 { try await fixture.store(seq...seq, text: text) }
      let connection = try await TestConnection.open(to: fixture.hub)
      try await connection.request("GET", fixture.path + "/raw?stream=stdout", headers: fixture.authorized)
      _ = try await connection.head()
      try await connection.stall()
      try await revoke(fixture)
      // Cut while nobody takes anything: what is read afterwards has no end.
      try await until { !fixture.store.streams.isBusy }
      try await connection.resume()
      await #expect(throws: TestFailure.self) { try await within { try await connection.chunkedBody() } }
    }
  }

  @Test func `signing out ends what the browser reads, also in another tab`() async throws {
    try await PersonFixture.with { fixture in
      let now = fixture.hub.skew.clock.wall()
      let link = try await fixture.store.createPersonToken(.link, name: "phone", now: now).secret
      let cookie = try #require(try await fixture.store.redeemLink(link, now: now))
      let own = [("Cookie", "__Host-ra=\(cookie)"), ("Sec-Fetch-Site", "same-origin")]
      let connection = try await TestConnection.open(to: fixture.hub)
      try await connection.request("GET", "/api/agents/stream", headers: own)
      let events = TestEvents(connection: connection, head: try await connection.head())
      #expect(try await events.next("approvals") != nil)
      #expect(try await fixture.hub.ask("POST", "/api/sign-out", headers: own).status == 204)
      #expect(try await within { try await events.rest() } == [])
    }
  }

  @Test func `a token that was revoked after it was looked at begins no stream`() async throws {
    try await PersonFixture.with { fixture in
      for round in 0..<8 {
        let name = "t\(round)"
        let now = fixture.hub.skew.clock.wall()
        let (secret, token) = try await fixture.store.createPersonToken(.api, name: name, now: now)
        let store = fixture.store
        async let isRevoked: Bool = {
          for _ in 0..<(round * 40) { await Task.yield() }
          return try await store.revokePersonToken(token.id)
        }()
        let connection = try await TestConnection.open(to: fixture.hub)
        try await connection.request("GET", "/api/agents/stream", headers: [("Authorization", "Bearer \(secret)")])
        #expect(try await isRevoked)
        try await within {
          while try await connection.more() {
            let input = await connection.input
            let text = String(decoding: input, as: UTF8.self)
            // Refused, or ended in good order: the connection stays.
            if text.contains("invalid_token") || text.hasSuffix("0\r\n\r\n") { break }
            _ = await connection.take(input.count)
          }
        }
      }
      #expect(fixture.store.streams.isBusy == false)
    }
  }
}
