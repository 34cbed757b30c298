import GRDB
import RemoteAgentCore
import Testing

@testable import RemoteAgentHub

/// A database of an older version becomes one of this.
@Suite struct MigrationTests {
  /// What the version "3" held: a device that is paired, one that was revoked, a code, a session.
  private static let old = """
    INSERT INTO devices VALUES ('c_kept', 'kept', 'linux', 'key', '192.0.2.1', 'ra-tunnel/0', 1, 2, NULL);
    INSERT INTO devices VALUES ('c_lost', 'lost', 'linux', 'key', NULL, NULL, 1, 2, 3);
    INSERT INTO codes (hash, expiresAt) VALUES (x'00', 9);
    INSERT INTO sessions (id, clientId, sessionId, opened, writer, control, labels, firstSeenAt, lastSeenAt, ended)
      VALUES ('one', 'c_kept', 's1', 1, 'w', 1, '{}', 1, 7, 1);
    """

  @Test func `devices, codes and sessions of before ephemeral ones are what they were`() async throws {
    let folder = try TemporaryFolder()
    do {
      let queue = try DatabaseQueue(path: folder.path + "/hub.db")
      try Schema.migrator.migrate(queue, upTo: "3")
      try await queue.write { try $0.execute(sql: Self.old) }
      try queue.close()
    }
    let store = try HubStore(folder: folder.path, lives: TokenLives())
    let devices = try await store.devices()
    #expect(devices.map(\.clientId) == ["c_kept", "c_lost"])
    #expect(devices.map { $0.json["state"]?.string } == ["paired", "revoked"])
    #expect(devices.map { $0.json["kind"]?.string } == ["ordinary", "ordinary"])
    #expect(devices.map(\.sessions) == [1, 0])
    #expect(devices.map(\.lastSeenAt) == [7, 2])
    // None of them ends by itself, however late it is.
    #expect(try await store.endDevices(now: .max).isEmpty)
    #expect(try await store.expiry(of: "c_kept", now: .max) == nil)
    await #expect(throws: StoreError.refused(.revoked)) { try await store.expiry(of: "c_lost", now: 4) }
    _ = try await StoreFixture.pair(in: store)
  }

  @Test func `a database of a later version is refused`() async throws {
    let folder = try TemporaryFolder()
    do {
      _ = try HubStore(folder: folder.path, lives: TokenLives())
      let queue = try DatabaseQueue(path: folder.path + "/hub.db")
      try await queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('later')") }
      try queue.close()
    }
    #expect(throws: StoreError.self) { try HubStore(folder: folder.path, lives: TokenLives()) }
  }
}
