import GRDB
import Glibc
import RemoteAgentCore
import Synchronization
import Testing

@testable import RemoteAgentHub

/// A store that can't write, and its write-ahead log.
@Suite(.timeLimit(.minutes(5))) struct OutageTests {
  private let fixture: StoreFixture
  private var store: HubStore { fixture.store }

  init() async throws {
    fixture = try await StoreFixture()
  }

  /// Another program that has the database open.
  private static func program(with path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    return try DatabaseQueue(path: path, configuration: configuration)
  }

  @Test func `what fails is refused until a trial holds, told once, and owed ends are written`() async throws {
    let row = try await fixture.open(fixture.hello()).row
    let told = Mutex<[StoreHealth.Change]>([])
    store.health.onChange { change in told.withLock { $0.append(change) } }
    // Another program has the database: as bad as a disk that can't be written.
    let other = try Self.program(with: store.path)
    try await store.pool.write { try $0.execute(sql: "PRAGMA busy_timeout = 0") }
    try other.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
    for seq in Int64(1)...2 {
      await #expect(throws: StoreError.cannotStore(.broken)) {
        try await store.commit(StoreFixture.batch(seq...seq), row: row, now: 1)
      }
    }
    await #expect(throws: StoreError.cannotStore(.broken)) { try await store.createPairingCode(now: 1) }
    try await store.disconnected(row: row, now: 77)
    #expect(try await store.session(row: row)?.state == .away)
    #expect(try await store.session(row: row)?.disconnectedAt == 77)
    #expect(try await store.counts(now: StoreFixture.now).outage == .broken)
    #expect(try await store.batches(row: row, after: 0, maximumBytes: 1).isEmpty)
    #expect(await !store.tryAgain())
    #expect(store.health.outage == .broken, "the trial fails too")
    try other.inDatabase { try $0.execute(sql: "ROLLBACK") }
    await #expect(throws: StoreError.cannotStore(.broken)) { try await store.createPairingCode(now: 1) }

    #expect(await store.tryAgain())
    #expect(store.health.outage == nil)
    #expect(await !store.tryAgain(), "there is nothing to try")
    #expect(try await fixture.reopened().session(row: row)?.disconnectedAt == 77)
    let trials = try await store.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM trials") }
    #expect(trials == 0)
    #expect(try await store.commit(StoreFixture.batch(1...2), row: row, now: 1) == 2)
    #expect(try await store.counts(now: StoreFixture.now).outages == 1)
    let changes = told.withLock { $0 }
    #expect(changes.count == 2)
    #expect(changes.last == .ended(refused: 3))
  }

  @Test func `a start that an outage kept from an open channel is sent once it is over`() async throws {
    try await TestHub.with { hub in
      let store = hub.running.store
      var device = try await TestDevice.paired(with: hub)
      let channel = try await device.stream(hub)
      try await channel.send(#"{"type":"hello","payload":{"protocol":1}}"#)
      _ = try await channel.next("hello")
      let admission = try await store.start(
        StartRequest(["agent": "a"]), on: device.clientId, by: "x", now: hub.skew.clock.wall())
      guard case .accepted = admission else { throw TestFailure("\(admission)") }
      // Nothing can be noted when the channel is woken; a trial of the hub's own then holds.
      store.health.failed(.full, reason: "", size: 0)
      await hub.running.registry.controlsWaiting(.device(device.clientId))
      #expect(try await channel.next("control").json["seq"]?.integer == 1)
    }
  }

  @Test func `a trial writes as much as failed, between 1 and 16 MiB`() {
    let health = StoreHealth()
    let told = Mutex(0)
    health.onChange { _ in told.withLock { $0 += 1 } }
    #expect(health.trialSize == 1 << 20)
    health.failed(.full, reason: "", size: 5 << 20)
    health.failed(.full, reason: "", size: 1)
    #expect(health.trialSize == 5 << 20)
    health.failed(.full, reason: "", size: 1 << 30)
    #expect(health.trialSize == 16 << 20)
    #expect(told.withLock { $0 } == 1, "once, however many fail")
    #expect(health.owes(disconnected: 1, at: 5))
    #expect(!health.recovered(written: [:]), "an end is owed")
    #expect(health.recovered(written: [1: 5]))
    #expect(health.trialSize == 1 << 20)
    #expect(!health.owes(disconnected: 1, at: 6))
  }

  @Test func `a log that no checkpoint can empty grows, is told, and is cut when one can`() async throws {
    let row = try await fixture.open(fixture.hello()).row
    let reader = try Self.program(with: store.path)
    try reader.inDatabase { database in
      try database.execute(sql: "BEGIN")
      _ = try Int.fetchOne(database, sql: "SELECT count(*) FROM batches")
    }
    let text = String(repeating: "x", count: 8 << 20)
    for seq in Int64(1)...9 { _ = try await store.commit(StoreFixture.batch(seq...seq, text: text), row: row, now: 1) }
    #expect(try await store.counts(now: 1).logFile > 72 << 20)
    try reader.inDatabase { try $0.execute(sql: "ROLLBACK") }
    // The first empties it, the next begins it anew and cuts it.
    for seq in Int64(10)...12 { _ = try await store.commit(StoreFixture.batch(seq...seq), row: row, now: 1) }
    #expect(store.logFileSize <= 64 << 20, "\(store.logFileSize)")
    #expect(try await store.session(row: row)?.cursor == 12)
  }

  @Test func `what is stored of a session is counted in bytes, also that of a store of before`() async throws {
    let row = try await fixture.open(fixture.hello()).row
    let batch = StoreFixture.batch(1...3)
    _ = try await store.commit(batch, row: row, now: 1)
    _ = try await store.commit(StoreFixture.fact(4, .end(bytes: 0, lines: 0)), row: row, now: 1)
    let stored = try #require(try await store.session(row: row)?.stored)
    #expect(stored > Int64(batch.bytes.count))
    #expect(try await fixture.open(fixture.hello()).stored == stored)
    try await store.pool.write { database in
      for sql in [
        "ALTER TABLE sessions DROP COLUMN stored", "ALTER TABLE sessions DROP COLUMN isFull", "DROP TABLE trials",
        "DELETE FROM grdb_migrations WHERE identifier = '3'",
      ] { try database.execute(sql: sql) }
    }
    #expect(try await fixture.reopened().session(row: row)?.stored == stored)
  }

  @Test func `a session that was refused more is full until it is opened again`() async throws {
    let row = try await fixture.open(fixture.hello()).row
    try await store.filled(row: row)
    #expect(try await store.session(row: row)?.isFull == true)
    _ = try await fixture.open(fixture.hello())
    #expect(try await store.session(row: row)?.isFull == false)
  }
}
