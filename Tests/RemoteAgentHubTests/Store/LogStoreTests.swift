import Dispatch
import GRDB
import RemoteAgentCore
import Testing

@testable import RemoteAgentHub

@Suite struct LogStoreTests {
  private let now = StoreFixture.now
  private let fixture: StoreFixture

  init() async throws {
    fixture = try await StoreFixture()
  }

  @Test func `the writer flushes on every commit and the journal is a WAL`() async throws {
    let values = try await fixture.store.pool.writeWithoutTransaction { database in
      try ["synchronous", "journal_mode", "foreign_keys"].map { try String.fetchOne(database, sql: "PRAGMA \($0)") }
    }
    #expect(values == ["2", "wal", "1"])
  }

  @Test func `a newer version's database is refused`() async throws {
    try await fixture.store.write { database in
      try database.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('99')")
    }
    #expect(throws: StoreError.self) { try fixture.reopened() }
  }

  @Test func `what is no database is refused`() async throws {
    let folder = try TemporaryFolder()
    try writeFile(folder.path + "/hub.db", Array(repeating: 0x55, count: 5_000))
    let error = #expect(throws: StoreError.self) { try HubStore(folder: folder.path, lives: TokenLives()) }
    #expect("\(try #require(error))".contains("hub.db"))
  }

  @Test func `batches come back byte for byte, from any number on`() async throws {
    let store = fixture.store
    let row = try await fixture.open(fixture.hello()).row
    let batches = [
      StoreFixture.batch(1...3), StoreFixture.batch(4...4, text: "\u{0}\u{7FF}"), StoreFixture.batch(5...9),
    ]
    for batch in batches { #expect(try await store.commit(batch, row: row, now: now) == batch.lastSeq) }
    for store in [store, try fixture.reopened()] {
      let all = try await store.batches(row: row, after: 0, maximumBytes: 1 << 20)
      #expect(all == batches.map { StoredBatch(firstSeq: $0.firstSeq, lastSeq: $0.lastSeq, bytes: $0.bytes) })
      #expect(try await store.batches(row: row, after: 3, maximumBytes: 1 << 20) == Array(all[1...]))
      #expect(try await store.batches(row: row, after: 2, maximumBytes: 1) == [all[0]])
      #expect(try await store.batches(row: row, after: 2, maximumBytes: 0).isEmpty)
      #expect(try await store.batches(row: row, after: 9, maximumBytes: 1 << 20).isEmpty)
      #expect(try await store.batches(row: row + 1, after: 0, maximumBytes: 1 << 20).isEmpty)
    }
  }

  @Test(arguments: [1...3, 2...5, 3...3, 5...6, 100...100] as [ClosedRange<Int64>])
  func `a batch that doesn't continue the session changes nothing`(range: ClosedRange<Int64>) async throws {
    let store = fixture.store
    let row = try await fixture.open(fixture.hello()).row
    #expect(try await store.commit(StoreFixture.batch(1...3), row: row, now: now) == 3)
    let before = try await store.session(row: row)
    #expect(try await store.commit(StoreFixture.batch(range), row: row, now: now + 1) == 3)
    #expect(try await store.session(row: row) == before)
    #expect(try await store.batches(row: row, after: 0, maximumBytes: 1 << 20).count == 1)
  }

  @Test func `a batch for no session is an error, and harms no other of its group`() async throws {
    let store = fixture.store
    let row = try await fixture.open(fixture.hello()).row
    await #expect(throws: StoreError.self) { try await store.commit(StoreFixture.batch(1...1), row: row + 7, now: now) }
    let (good, bad) = try await gathering(2, in: store) {
      async let bad = outcome { try await store.commit(StoreFixture.batch(1...1), row: row + 7, now: now) }
      async let good = outcome { try await store.commit(StoreFixture.batch(1...1), row: row, now: now) }
      return (await good, await bad)
    }
    #expect(throws: StoreError.self) { try bad.get() }
    #expect(try good.get() == 1)
  }

  @Test func `a full disk fails the commit and stores none of it, and with room again all goes on`() async throws {
    let store = fixture.store
    let row = try await fixture.open(fixture.hello()).row
    #expect(try await store.commit(StoreFixture.batch(1...1), row: row, now: now) == 1)
    let before = try await store.session(row: row)
    try await setMaximumPages(1)
    let large = StoreFixture.batch(2...3, text: String(repeating: "y", count: 1 << 20))
    for _ in 0..<2 {
      let error = await #expect(throws: StoreError.self) { try await store.commit(large, row: row, now: now + 1) }
      #expect(error == .cannotStore(.full))
    }
    #expect(try await store.session(row: row) == before)
    _ = await store.tryAgain()
    #expect(store.health.outage == .full)
    try await setMaximumPages(1 << 30)
    _ = await store.tryAgain()
    #expect(try await store.commit(large, row: row, now: now) == 3)
    #expect(try await store.batches(row: row, after: 1, maximumBytes: 8 << 20).map(\.bytes) == [large.bytes])
  }

  /// Makes the disk as good as full, or gives it room; SQLite takes no less than the file has.
  private func setMaximumPages(_ count: Int) async throws {
    try await fixture.store.pool.writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA max_page_count = \(count)")
    }
  }

  @Test func `what many connections bring at once is written together, each in its session and order`() async throws {
    let store = fixture.store
    var rows: [Int64] = []
    for index in 0..<50 { rows.append(try await fixture.open(fixture.hello("s\(index)")).row) }
    let before = store.batches.groups
    let cursors = try await gathering(50, in: store) { [rows] in
      try await withThrowingTaskGroup(of: Int64.self) { group in
        for row in rows {
          group.addTask { try await store.commit(StoreFixture.batch(1...10), row: row, now: now) }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
    }
    #expect(cursors == Array(repeating: 10, count: 50))
    #expect(store.batches.groups - before == 1)
    for row in rows { #expect(try await store.session(row: row)?.cursor == 10) }
  }

  @Test func `one session's batches may follow each other in one group`() async throws {
    let store = fixture.store
    let row = try await fixture.open(fixture.hello()).row
    let results = try await gathering(20, in: store) {
      await withTaskGroup(of: Void.self) { group in
        for seq in 1...20 as ClosedRange<Int64> {
          group.addTask { _ = try? await store.commit(StoreFixture.batch(seq...seq), row: row, now: now) }
        }
      }
      return try await store.batches(row: row, after: 0, maximumBytes: 1 << 20)
    }
    // They raced: what came out of turn was not stored; what was stored has no hole and nothing twice.
    #expect(results.map(\.firstSeq) == Array(1..<max(1, (results.last?.lastSeq ?? 0) + 1)))
  }

  @Test func `a large group is divided, and nobody in it is forgotten`() async throws {
    let small = GroupCommit(pool: fixture.store.pool, health: fixture.store.health, groupSize: 1_000) { _ in }
    var rows: [Int64] = []
    for index in 0..<12 { rows.append(try await fixture.open(fixture.hello("s\(index)")).row) }
    let batch = StoreFixture.batch(1...1, text: String(repeating: "y", count: 400))
    let cursors = try await gathering(12, in: fixture.store, small) { [rows] in
      try await withThrowingTaskGroup(of: Int64.self) { group in
        for row in rows { group.addTask { try await small.commit(batch, lastLine: nil, row: row, now: now) } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
    }
    #expect(cursors == Array(repeating: 1, count: 12))
    #expect(small.groups >= 6)
  }

  private func outcome(_ work: () async throws -> Int64) async -> Result<Int64, any Error> {
    do {
      return .success(try await work())
    } catch {
      return .failure(error)
    }
  }

  /// Does `work` while the writer is held up, until `count` commits of work's have gathered.
  private func gathering<Value: Sendable>(
    _ count: Int, in store: HubStore, _ commits: GroupCommit? = nil,
    _ work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let gate = DispatchSemaphore(value: 0)
    store.pool.asyncWriteWithoutTransaction { _ in gate.wait() }
    async let value = work()
    do {
      try await until { (commits ?? store.batches).waiting >= count }
    } catch {
      gate.signal()
      throw error
    }
    gate.signal()
    return try await value
  }
}
