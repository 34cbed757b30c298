import RemoteAgentCore
import RemoteAgentHub
import Testing

@Suite(.timeLimit(.minutes(5))) struct QuestionAPITests {
  private func questions(of fixture: PersonFixture) async throws -> JSON {
    let connection = try await TestConnection.open(to: fixture.hub)
    try await connection.request("GET", fixture.path + "/questions", headers: fixture.authorized)
    let head = try await connection.head()
    #expect(head.status == 200 && head.header("content-type") == "application/json")
    let body = try await connection.chunkedBody()
    await connection.close()
    return try JSON(parsing: body)
  }

  @Test func `open questions are listed with all that they are about, the oldest first`() async throws {
    try await PersonFixture.with { fixture in
      let none = try await questions(of: fixture)
      #expect(none == ["items": .array([]), "next": .null])
      let long = String(repeating: "x", count: 100_000)
      let batch = StoreFixture.asking([
        ("a", #""input":{"command":"\#(long)"}"#), ("b", #""inputBytes":300000"#), ("c", #""input":{}"#),
      ])
      let (row, now) = (fixture.session.row, fixture.hub.skew.clock.wall())
      _ = try await fixture.store.commit(batch, row: row, now: now)
      let open = try await questions(of: fixture)
      let items: [JSON] = [
        ["requestId": "a", "tool": "Bash", "input": ["command": .string(long)]],
        ["requestId": "b", "tool": "Bash", "inputBytes": 300_000], ["requestId": "c", "tool": "Bash", "input": [:]],
      ]
      #expect(open == ["items": .array(items), "next": .null])
      _ = try await fixture.store.commit(StoreFixture.fact(4, .answered(requestId: "b")), row: row, now: now)
      let left = try await questions(of: fixture)
      #expect(left["items"] == .array([items[0], items[2]]))
    }
  }

  @Test func `they are of a session that is there, and only read`() async throws {
    try await PersonFixture.with { fixture in
      let unknown = try await fixture.ask("GET", "/api/agents/nothing/questions")
      #expect(unknown.status == 404 && unknown.code == "not_found")
      let posted = try await fixture.ask("POST", fixture.path + "/questions", body: "{}")
      #expect(posted.status == 405 && posted.header("allow") == "GET")
      let stranger = try await fixture.hub.ask("GET", fixture.path + "/questions")
      #expect(stranger.status == 401)
    }
  }
}
