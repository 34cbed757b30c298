import RemoteAgentCore
import Testing

@testable import RemoteAgentHub

/// What a session's agent asks, as the hub tells it.
@Suite(.timeLimit(.minutes(5))) struct QuestionTests {
  private static func asked(_ id: String, _ tool: String = "Bash") -> Status { .asked(requestId: id, tool: tool) }

  /// A session that has said all that, and its questions: the last one, and the names of the open ones, the oldest first.
  private static func session(
    _ statuses: [Status], _ check: (StoreFixture, OpenedSession, SessionRecord) async throws -> Void
  ) async throws {
    let fixture = try await StoreFixture()
    let opened = try await fixture.open(fixture.hello())
    for (index, status) in statuses.enumerated() {
      _ = try await fixture.store.commit(
        StoreFixture.fact(Int64(index + 1), status), row: opened.row, now: StoreFixture.now)
    }
    let record = try await fixture.store.session(row: opened.row)
    try await check(fixture, opened, try #require(record))
  }

  @Test(
    arguments: [
      ([asked("a")], "a"), ([asked("a"), asked("b")], "b"), ([asked("a"), asked("b"), .answered(requestId: "b")], "a"),
      ([asked("a"), asked("b"), .answered(requestId: "a")], "b"), ([asked("a"), .answered(requestId: "a")], nil),
      ([asked("a"), asked("b"), asked("a")], "a"), ([asked("a"), .answered(requestId: "x")], "a"),
      ([asked("a"), .exited(code: 0, signal: nil, outcome: "ok")], nil), ([asked("a"), .end(bytes: 0, lines: 0)], nil),
      ([asked("a"), .starting(agent: "claude", cwd: nil)], nil), ([asked("a"), .turn(outcome: "started")], "a"),
      ([asked("a"), .error(message: "x"), .running(pid: 1), .gap(from: 1, to: 2), .other], "a"),
      ([.answered(requestId: "a"), asked("a")], "a"), ([], nil),
    ] as [([Status], String?)])
  func `a session tells its last question that is open`(statuses: [Status], open: String?) async throws {
    try await Self.session(statuses) { _, _, record in
      #expect(record.question?.requestId == open)
      #expect(record.json["approval"]?["requestId"]?.string == open)
      #expect(record.json["approval"] != nil)
    }
  }

  @Test func `questions of several envelopes of one batch are taken in their order`() async throws {
    let fixture = try await StoreFixture()
    let row = try await fixture.open(fixture.hello()).row
    let facts: [HubBatch.Fact] = [
      .init(seq: 1, status: Self.asked("a")), .init(seq: 2, status: Self.asked("b", "Edit")),
      .init(seq: 3, status: .answered(requestId: "a")),
    ]
    _ = try await fixture.store.commit(StoreFixture.batch(1...3, facts: facts), row: row, now: StoreFixture.now)
    let record = try await fixture.store.session(row: row)
    #expect(record?.question == .init(seq: 2, requestId: "b", tool: "Edit"))
    // And after a restart.
    let again = try await fixture.reopened().session(row: row)
    #expect(again?.question == record?.question)
  }

  @Test func `the questions of a session are bounded, and the last ones stay`() async throws {
    let count = QuestionTable.maximumCount
    let fixture = try await StoreFixture()
    let row = try await fixture.open(fixture.hello()).row
    let facts = (1...Int64(count + 3)).map { HubBatch.Fact(seq: $0, status: Self.asked("q\($0)")) }
    _ = try await fixture.store.commit(
      StoreFixture.batch(1...Int64(count + 3), facts: facts), row: row, now: StoreFixture.now)
    let answers = (4...Int64(count + 3)).map { HubBatch.Fact(seq: $0 + 100, status: .answered(requestId: "q\($0)")) }
    let first = Int64(count + 4)
    _ = try await fixture.store.commit(
      StoreFixture.batch(first...first, facts: answers), row: row, now: StoreFixture.now)
    #expect(try await fixture.store.session(row: row)?.question == nil)
  }

  @Test func `another session's questions stay, and a writer that takes over asks nothing yet`() async throws {
    try await Self.session([Self.asked("a")]) { fixture, _, _ in
      let other = try await fixture.open(fixture.hello("s2")).row
      _ = try await fixture.store.commit(
        StoreFixture.fact(1, Self.asked("a", "Edit")), row: other, now: StoreFixture.now)
      _ = try await fixture.store.commit(
        StoreFixture.fact(2, .answered(requestId: "a")), row: other, now: StoreFixture.now)
      let first = try await fixture.store.session(idOrLatest: "s1")
      #expect(first?.question?.tool == "Bash")
      _ = try await fixture.open(fixture.hello(writer: StoreFixture.writer("b"), append: true))
      #expect(try await fixture.store.session(idOrLatest: "s1")?.question == nil)
    }
  }

  @Test func `what the old writer's last batch asks is not open once the new one has the session`() async throws {
    try await Self.session([Self.asked("a")]) { fixture, opened, _ in
      let hello = fixture.hello(writer: StoreFixture.writer("b"), append: true)
      _ = try await fixture.open(hello)
      // It was under way when the old connection lost its place; the new one then opens once more.
      _ = try await fixture.store.commit(
        StoreFixture.fact(2, Self.asked("late")), row: opened.row, now: StoreFixture.now)
      _ = try await fixture.open(hello)
      #expect(try await fixture.store.session(row: opened.row)?.question == nil)
      // What the new one asks stays when it connects again.
      _ = try await fixture.store.commit(
        StoreFixture.fact(3, Self.asked("new")), row: opened.row, now: StoreFixture.now)
      _ = try await fixture.open(hello)
      #expect(try await fixture.store.session(row: opened.row)?.question?.requestId == "new")
    }
  }

  @Test func `a device that is revoked asks nothing any more`() async throws {
    try await Self.session([Self.asked("a")]) { fixture, opened, _ in
      let other = try await StoreFixture.pair(in: fixture.store, fingerprint: "other").clientId
      _ = try await fixture.store.revoke(other, now: StoreFixture.now)
      #expect(try await fixture.store.session(row: opened.row)?.question != nil)
      _ = try await fixture.store.revoke(fixture.clientId, now: StoreFixture.now)
      #expect(try await fixture.store.session(row: opened.row)?.question == nil)
    }
  }

  @Test func `a session that asks is told to those who watch the list`() async throws {
    try await PersonFixture.with { fixture in
      let events = try await fixture.events("/api/agents/stream")
      #expect(try await events.connection.chunk() == Array(": \n\n".utf8))
      _ = try await fixture.store.commit(
        StoreFixture.fact(1, Self.asked("a")), row: fixture.session.row, now: fixture.hub.skew.clock.wall())
      let agent = try await events.next("agent")
      #expect(agent?.json["approval"] == ["requestId": "a", "tool": "Bash"])
    }
  }
}
