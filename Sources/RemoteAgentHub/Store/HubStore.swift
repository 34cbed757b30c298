import Foundation
import GRDB
import Glibc
import RemoteAgentTLS

/// Everything that a hub keeps: devices, tokens, sessions, logs, controls.
///
/// This class is the whole interface to the engine: no type of SQLite's or GRDB's stands in what it declares `package`, so
/// that another engine can take its place. A call returns when what it changed is on the disk (`synchronous=FULL`).
package final class HubStore: Sendable {
  let lives: TokenLives
  /// Tells who waits for a session's next line or state.
  package let changes = SessionChanges()
  /// What is to end when a person's token is revoked.
  package let streams = PersonStreams()
  /// Whether it can write.
  package let health = StoreHealth()
  /// Which devices can be told to start something now.
  let channels = DeviceChannels()
  let path: String
  let pool: DatabasePool
  let batches: GroupCommit

  /// Opens `folder/hub.db`, or makes it; the caller holds the folder's lock.
  ///
  /// Sessions that were connected when the hub before ended are away from here on.
  ///
  /// - Parameter trace: told each statement that is run, without its values.
  package init(
    folder: String, lives: TokenLives, trace: (@Sendable (String) -> Void)? = nil
  ) throws(StoreError) {
    let path = folder + "/hub.db"
    self.path = path
    self.lives = lives
    do {
      pool = try Self.open(path, trace: trace)
    } catch {
      throw .cannotOpen(path: path, reason: StoreError.reason(error))
    }
    let changes = changes
    batches = GroupCommit(pool: pool, health: health) { rows in rows.forEach(changes.changed(row:)) }
  }

  private static func open(_ path: String, trace: (@Sendable (String) -> Void)?) throws -> DatabasePool {
    var configuration = Configuration()
    if let trace {
      configuration.prepareDatabase { database in
        database.trace {
          if case .statement(let statement) = $0 { trace(statement.sql) }
        }
      }
    }
    configuration.label = "hub"
    configuration.busyMode = .timeout(5)
    configuration.maximumReaderCount = 4
    // Made here, for its user alone: SQLite gives the files beside it the same mode.
    let file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw StoreError.failed(String(cString: strerror(errno))) }
    close(file)
    let pool = try DatabasePool(path: path, configuration: configuration)
    try pool.writeWithoutTransaction { database in
      // Here and not in `prepareDatabase`: GRDB sets NORMAL after that.
      try database.execute(sql: "PRAGMA synchronous = FULL")
      try database.execute(sql: "PRAGMA journal_size_limit = 67108864")
    }
    guard try !pool.read(Schema.migrator.hasBeenSuperseded) else {
      throw StoreError.failed("it is of a newer version of ra-hub")
    }
    try Schema.migrator.migrate(pool)
    try pool.write { database in
      try database.execute(
        sql: "UPDATE sessions SET connected = 0, disconnectedAt = lastSeenAt WHERE connected = 1")
      try database.execute(sql: "DELETE FROM trials")
    }
    return pool
  }

  /// Does `work` in a read-only transaction.
  func read<Value: Sendable>(_ work: @escaping @Sendable (Database) throws -> Value) async throws(StoreError) -> Value {
    do {
      return try await pool.read(work)
    } catch {
      throw StoreError(error)
    }
  }

  /// Does `work` in a transaction of its own; what it throws undoes it. While the store is failing it is not tried.
  func write<Value: Sendable>(
    _ work: @escaping @Sendable (Database) throws -> Value
  ) async throws(StoreError) -> Value {
    try health.check()
    do {
      return try await pool.write(work)
    } catch {
      if let outage = StoreError.outage(error) { health.failed(outage, reason: StoreError.reason(error), size: 0) }
      throw StoreError(error)
    }
  }

  /// The SHA-256 of a token or code: all of it that is kept.
  static func hash(_ secret: String) -> Data { Data(SHA256.hash(secret)) }
}

extension Database {
  /// Runs a statement that is prepared once a connection.
  func run(_ sql: String, _ arguments: StatementArguments = []) throws {
    try cachedStatement(sql: sql).execute(arguments: arguments)
  }

  /// The first row of a query that is prepared once a connection.
  func row(_ sql: String, _ arguments: StatementArguments = []) throws -> Row? {
    try Row.fetchOne(cachedStatement(sql: sql), arguments: arguments)
  }

  func rows(_ sql: String, _ arguments: StatementArguments = []) throws -> [Row] {
    try Row.fetchAll(cachedStatement(sql: sql), arguments: arguments)
  }
}
