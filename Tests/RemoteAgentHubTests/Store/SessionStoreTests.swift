import RemoteAgentCore
import RemoteAgentHub
import Testing

@Suite struct SessionStoreTests {
  private let now = StoreFixture.now
  private let fixture: StoreFixture

  init() async throws {
    fixture = try await StoreFixture()
  }

  @Test func `a session keeps its name and cursor over connections and restarts`() async throws {
    let opened = try await fixture.open(fixture.hello())
    #expect(opened.cursor == 0 && opened.controlCursor == 0 && !opened.ended)
    #expect(try await fixture.store.commit(StoreFixture.batch(1...3), row: opened.row, now: now) == 3)
    let again = try await fixture.open(fixture.hello())
    #expect(again.id == opened.id && again.row == opened.row && again.cursor == 3)
    let restarted = try #require(try await fixture.reopened().open(fixture.hello(), now: now))
    #expect(restarted.id == opened.id && restarted.cursor == 3)
  }

  @Test func `two devices may use one name for their sessions`() async throws {
    let mine = try await fixture.open(fixture.hello())
    let other = try await StoreFixture.pair(in: fixture.store, fingerprint: "other")
    let hello = SessionHello(
      clientId: other.clientId, description: fixture.hello().description, deviceControlCursor: 0)
    let theirs = try await fixture.open(hello)
    #expect(mine.row != theirs.row && mine.id != theirs.id)
  }

  @Test func `another writer is refused, unless it appends, and then the old one for ever`() async throws {
    let (old, new) = (StoreFixture.writer("a"), StoreFixture.writer("b"))
    let opened = try await fixture.open(fixture.hello(writer: old))
    _ = try await fixture.store.commit(StoreFixture.batch(1...2), row: opened.row, now: now)
    #expect(try await fixture.store.open(fixture.hello(writer: new), now: now) == nil)
    let taken = try await fixture.open(fixture.hello(writer: new, append: true))
    #expect(taken.row == opened.row && taken.cursor == 2)
    for store in [fixture.store, try fixture.reopened()] {
      #expect(try await store.open(fixture.hello(writer: old), now: now) == nil)
      #expect(try await store.open(fixture.hello(writer: old, append: true), now: now) == nil)
      #expect(try await store.open(fixture.hello(writer: new), now: now) != nil)
    }
  }

  @Test func `an ended session stays ended for its writer and opens again for one that appends`() async throws {
    let row = try await fixture.open(fixture.hello()).row
    let end = StoreFixture.fact(1, .end(bytes: 0, lines: 0))
    #expect(try await fixture.store.commit(end, row: row, now: now) == 1)
    #expect(try await fixture.open(fixture.hello()).ended)
    #expect(try await fixture.store.session(row: row)?.state == .ended)
    let appended = try await fixture.open(fixture.hello(writer: StoreFixture.writer("b"), append: true))
    #expect(!appended.ended && appended.cursor == 1)
  }

  @Test func `the old writer's last end doesn't end the session that was taken from it`() async throws {
    let row = try await fixture.open(fixture.hello()).row
    let new = fixture.hello(writer: StoreFixture.writer("b"), append: true)
    _ = try await fixture.open(new)
    // What the displaced connection still had, committed before the second look.
    _ = try await fixture.store.commit(StoreFixture.fact(1, .end(bytes: 0, lines: 0)), row: row, now: now)
    let opened = try await fixture.open(new)
    #expect(opened.cursor == 1 && !opened.ended)
    _ = try await fixture.store.commit(StoreFixture.fact(2, .end(bytes: 0, lines: 0)), row: row, now: now)
    #expect(try await fixture.open(new).ended)
  }

  @Test func `a revoked device opens nothing and its sessions are away`() async throws {
    let row = try await fixture.open(fixture.hello()).row
    #expect(try await fixture.store.session(row: row)?.state == .live)
    _ = try await fixture.store.revoke(fixture.clientId, now: now + 1)
    await #expect(throws: StoreError.refused(.revoked)) { try await fixture.store.open(fixture.hello(), now: now) }
    let session = try #require(try await fixture.store.session(row: row))
    #expect(session.state == .away && session.disconnectedAt == now + 1)
  }

  @Test func `a hub that was killed finds its sessions away`() async throws {
    let row = try await fixture.open(fixture.hello()).row
    let session = try #require(try await fixture.reopened().session(row: row))
    #expect(session.state == .away && session.disconnectedAt == now)
  }

  @Test func `latest is the session begun last, and a reconnect begins none`() async throws {
    let store = fixture.store
    #expect(try await store.session(idOrLatest: "latest") == nil)
    let first = try await fixture.open(fixture.hello("s1"))
    let second = try await fixture.open(fixture.hello("s2"))
    _ = try await fixture.open(fixture.hello("s1"), now: now + 10)
    #expect(try await store.session(idOrLatest: "latest")?.id == second.id)
    #expect(try await store.sessions().map(\.id) == [second.id, first.id])
    #expect(try await store.sessions(limit: 1).map(\.id) == [second.id])
    _ = try await fixture.open(fixture.hello("s1", writer: StoreFixture.writer("b"), append: true))
    #expect(try await store.session(idOrLatest: "latest")?.id == first.id)
  }

  @Test func `a session is found by the hub's name and by the device's`() async throws {
    let opened = try await fixture.open(fixture.hello("mine"))
    // A device may choose any name, another session's id too: the hub's own names go first.
    _ = try await fixture.open(fixture.hello(opened.id))
    #expect(try await fixture.store.session(idOrLatest: "mine")?.id == opened.id)
    #expect(try await fixture.store.session(idOrLatest: opened.id)?.sessionId == "mine")
    #expect(try await fixture.store.session(idOrLatest: "nothing") == nil)
  }

  @Test func `a session is shown with what its envelopes said`() async throws {
    let opened = try await fixture.open(fixture.hello())
    let facts = [
      HubBatch.Fact(seq: 2, status: .running(pid: 12)),
      HubBatch.Fact(seq: 3, status: .exited(code: 7, signal: nil, outcome: "error")),
    ]
    _ = try await fixture.store.commit(StoreFixture.batch(1...3, facts: facts), row: opened.row, now: now + 1)
    try await fixture.store.disconnected(row: opened.row, now: now + 2)
    let session = try #require(try await fixture.store.session(row: opened.row))
    #expect(
      session.json.text == """
        {"id":"\(opened.id)","sessionId":"s1","clientId":"\(fixture.clientId)","device":"desk","agent":"claude",\
        "title":"title","host":"host","cwd":"/work","labels":{"team":"a"},"state":"away","control":true,"cursor":3,\
        "bytes":30,"lines":3,"stored":\(session.stored),"full":false,"firstSeenAt":\(now),"lastSeenAt":\(now + 2),"disconnectedAt":\(now + 2),\
        "exit":{"code":7,"outcome":"error"},"turn":null,"approval":null,"lastLine":"x"}
        """)
  }

  @Test func `a session's folder is its agent's, over a reconnect too; another writer tells its own`() async throws {
    let row = try await fixture.open(fixture.hello()).row
    _ = try await fixture.store.commit(
      StoreFixture.fact(1, .starting(agent: "claude", cwd: "/its/own")), row: row, now: now)
    _ = try await fixture.open(fixture.hello())
    let same = try await fixture.store.session(row: row)
    #expect(same?.cwd == "/its/own")
    _ = try await fixture.open(fixture.hello(writer: StoreFixture.writer("b"), append: true))
    let other = try await fixture.store.session(row: row)
    #expect(other?.cwd == "/work")
  }

  @Test func `an agent that died by a signal is shown so`() async throws {
    let row = try await fixture.open(fixture.hello()).row
    _ = try await fixture.store.commit(
      StoreFixture.fact(1, .exited(code: nil, signal: "SIGKILL", outcome: nil)), row: row, now: now)
    #expect(try await fixture.store.session(row: row)?.json["exit"]?.text == #"{"signal":"SIGKILL"}"#)
  }
}
