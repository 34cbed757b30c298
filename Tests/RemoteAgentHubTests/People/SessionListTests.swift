import RemoteAgentCore
import RemoteAgentHub
import Testing

@Suite(.timeLimit(.minutes(5))) struct SessionListTests {
  private func ids(_ answer: TestAnswer) -> [String] {
    (answer.json["items"]?.array ?? []).compactMap { $0["sessionId"]?.string }
  }

  @Test func `sessions are listed, the last begun first, page by page`() async throws {
    try await PersonFixture.with { fixture in
      let now = fixture.hub.skew.clock.wall()
      for number in 2...5 {
        _ = try await PersonFixture.open("s\(number)", clientId: fixture.clientId, in: fixture.store, now: now)
      }
      let first = try await fixture.ask("GET", "/api/agents?limit=2")
      #expect(ids(first) == ["s5", "s4"])
      let second = try await fixture.ask("GET", "/api/agents?limit=2&before=\(first.json["next"]?.integer ?? 0)")
      #expect(ids(second) == ["s3", "s2"])
      let third = try await fixture.ask("GET", "/api/agents?limit=2&before=\(second.json["next"]?.integer ?? 0)")
      #expect(ids(third) == ["s1"])
      #expect(third.json["next"] == .null)
    }
  }

  @Test func `a list is filtered by state, device and text`() async throws {
    try await PersonFixture.with { fixture in
      let (store, now) = (fixture.store, fixture.hub.skew.clock.wall())
      let other = try await StoreFixture.pair(in: store, fingerprint: "other", now: now).clientId
      let away = try await PersonFixture.open("away", title: "50% of_all", clientId: other, in: store, now: now)
      try await store.disconnected(row: away.row, now: now)
      let ended = try await PersonFixture.open("ended", title: "50 of all", clientId: other, in: store, now: now)
      _ = try await store.commit(StoreFixture.batch(1...1, text: "the Last word"), row: ended.row, now: now)
      _ = try await store.commit(StoreFixture.fact(2, .end(bytes: 0, lines: 0)), row: ended.row, now: now)
      for (query, expected) in [
        ("state=live", ["s1"]), ("state=away", ["away"]), ("state=ended", ["ended"]),
        ("device=\(other)", ["ended", "away"]), ("q=last+WORD", ["ended"]), ("q=50%25", ["away"]), ("q=f_a", ["away"]),
        ("q=%5C", []), ("q=desk&state=live", ["s1"]), ("q=nothing", []), ("q=", ["ended", "away", "s1"]),
      ] {
        #expect(ids(try await fixture.ask("GET", "/api/agents?\(query)")) == expected, "\(query)")
      }
    }
  }

  @Test(arguments: [
    "state=begun", "limit=0", "limit=501", "limit=x", "before=0", "before=-1", "q=%zz", "q=%ff", "q=%",
  ])
  func `a query that is not as told is refused`(query: String) async throws {
    try await PersonFixture.with { fixture in
      let answer = try await fixture.ask("GET", "/api/agents?\(query)")
      #expect(answer.status == 400 && answer.code == "bad_request")
    }
  }

  @Test func `a list tells the last line and the last turn`() async throws {
    try await PersonFixture.with { fixture in
      let batch = StoreFixture.batch(
        1...3, text: #"\u001b[1mAll\u001b[0m green"#,
        facts: [.init(seq: 2, status: .turn(outcome: "started")), .init(seq: 3, status: .turn(outcome: "ok"))])
      _ = try await fixture.store.commit(batch, row: fixture.session.row, now: fixture.hub.skew.clock.wall())
      let session = try await fixture.ask("GET", fixture.path).json
      #expect(session["lastLine"]?.string == "All green")
      #expect(session["turn"]?.string == "ok")
      #expect(try await fixture.ask("GET", "/api/agents/latest").json == session)
      #expect(try await fixture.ask("GET", "/api/agents/none").code == "not_found")
    }
  }

  @Test func `sessions and devices are told as they change`() async throws {
    try await PersonFixture.with { fixture in
      let events = try await fixture.events("/api/agents/stream")
      #expect(events.head.header("content-type") == "text/event-stream")
      // Whoever has the first comment hears all that comes after.
      #expect(try await events.connection.chunk() == Array(": \n\n".utf8))
      try await fixture.store(1...1, text: "news")
      let agent = try await events.next("agent")
      #expect(agent?.json["lastLine"]?.string == "news")
      #expect(agent?.json["cursor"]?.integer == 1)
      #expect(try await fixture.store.revoke(fixture.clientId, now: fixture.hub.skew.clock.wall()))
      #expect(try await events.next("device")?.json["revokedAt"]?.integer != nil)
    }
  }
}
