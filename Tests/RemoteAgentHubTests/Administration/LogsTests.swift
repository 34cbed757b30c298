import RemoteAgentCore
import RemoteAgentHub
import Testing

@Suite struct LogsTests {
  @Test func `logs are the stored envelopes, byte for byte, from any number on`() async throws {
    try await AdministrationFixture.with { fixture in
      let (stored, opened) = try await Self.session(in: fixture, batches: [1...3, 4...4, 5...9])
      let lines = (1...9 as ClosedRange<Int64>).map(Self.line)
      for after in 0...9 as ClosedRange<Int64> {
        let reply = try await fixture.ask(.logs(id: opened.id, after: after, follow: false))
        #expect(reply.head == (try await stored.store.session(row: opened.row)?.json))
        #expect(try await Self.rest(of: reply) == Array(lines[Int(after)...]))
      }
      #expect(try await Self.rest(of: fixture.ask(.logs(id: "latest", after: 99, follow: false))) == [])
    }
  }

  @Test func `a gap's envelope goes with what is beyond its start`() async throws {
    try await AdministrationFixture.with { fixture in
      let (stored, opened) = try await Self.session(in: fixture, batches: [1...1])
      let gap = #"{"type":"status","seq":7,"ts":5,"payload":{"state":"gap","from":2,"to":7}}"#
      let batch = HubBatch(
        firstSeq: 2, lastSeq: 7, bytes: Array((gap + "\n").utf8), logLines: 0, logBytes: 0,
        facts: [.init(seq: 7, status: .gap(from: 2, to: 7))])
      #expect(try await stored.store.commit(batch, row: opened.row, now: 0) == 7)
      #expect(try await Self.rest(of: fixture.ask(.logs(id: "latest", after: 4, follow: false))) == [gap])
      #expect(try await Self.rest(of: fixture.ask(.logs(id: "latest", after: 7, follow: false))) == [])
    }
  }

  @Test func `a follower gets what comes as it comes, and the end with the session's`() async throws {
    try await AdministrationFixture.with { fixture in
      let (stored, opened) = try await Self.session(in: fixture, batches: [1...2])
      let reply = try await fixture.ask(.logs(id: opened.id, after: 1, follow: true))
      #expect(try await Self.next(of: reply) == Self.line(2))
      for seq in 3...5 as ClosedRange<Int64> {
        _ = try await stored.store.commit(StoreFixture.batch(seq...seq), row: opened.row, now: 0)
        #expect(try await Self.next(of: reply) == Self.line(seq))
      }
      _ = try await stored.store.commit(StoreFixture.fact(6, .end(bytes: 0, lines: 0)), row: opened.row, now: 0)
      #expect(try await Self.next(of: reply)?.contains("status") == true)
      #expect(try await Self.next(of: reply) == nil)
      #expect(stored.store.changes.count(row: opened.row) == 0)
    }
  }

  @Test func `a session larger than what is read at once comes whole`() async throws {
    try await AdministrationFixture.with { fixture in
      let (stored, opened) = try await Self.session(in: fixture, batches: [])
      let text = String(repeating: "z", count: 300_000)
      for seq in 1...10 as ClosedRange<Int64> {
        _ = try await stored.store.commit(StoreFixture.batch(seq...seq, text: text), row: opened.row, now: 0)
      }
      let lines = try await Self.rest(of: fixture.ask(.logs(id: "latest", after: 0, follow: false)))
      #expect(lines.count == 10 && lines.allSatisfy { $0.utf8.count > 300_000 })
    }
  }

  @Test func `a hub that stops ends its followers' answers without the mark of their end`() async throws {
    let stored = try await StoreFixture()
    let server = AdministrationServer(
      folder: stored.folder.path, store: stored.store, registry: SessionRegistry(), clock: .system, log: .none,
      place: { HubPlace(url: "https://hub.test", localURL: nil, caPath: nil) })
    try await server.start()
    let row = try await stored.open(stored.hello()).row
    let reply = try await TestReply(.logs(id: "latest", after: 0, follow: true), in: stored.folder.path)
    await server.stop()
    await #expect(throws: AdministrationError.brokenOff) { try await reply.next() }
    try await until { stored.store.changes.count(row: row) == 0 }
  }

  @Test func `no session yet is said so`() async throws {
    try await AdministrationFixture.with { fixture in
      let error = await #expect(throws: AdministrationError.self) {
        try await fixture.ask(.logs(id: "latest", after: 0, follow: false))
      }
      #expect(error == .refused(code: "not_found", message: "there is no session yet"))
    }
  }

  private static func session(
    in fixture: AdministrationFixture, batches: [ClosedRange<Int64>]
  ) async throws -> (StoreFixture, OpenedSession) {
    let opened = try await fixture.stored.open(fixture.stored.hello())
    for range in batches {
      _ = try await fixture.stored.store.commit(StoreFixture.batch(range), row: opened.row, now: 0)
    }
    return (fixture.stored, opened)
  }

  private static func line(_ seq: Int64) -> String {
    String(String(decoding: StoreFixture.batch(seq...seq).bytes, as: UTF8.self).dropLast())
  }

  private static func next(of reply: TestReply) async throws -> String? {
    try await reply.next().map { String(decoding: $0, as: UTF8.self) }
  }

  private static func rest(of reply: TestReply) async throws -> [String] {
    var lines: [String] = []
    while let line = try await next(of: reply) { lines.append(line) }
    return lines
  }
}
