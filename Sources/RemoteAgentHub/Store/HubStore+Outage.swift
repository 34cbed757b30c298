import GRDB
import Glibc
import RemoteAgentProcess

extension HubStore {
  /// While the store is failing: tries whether it can write again, as much as it could not. Anything else does nothing.
  /// Returns whether it has recovered; whoever calls this then calls ``SessionRegistry/allControlsWaiting()``.
  ///
  /// The trial's bytes go to the write-ahead log like a batch's, and leave free pages in the database, which the next
  /// batches take.
  package func tryAgain() async -> Bool {
    guard health.outage != nil else { return false }
    let (size, owed) = (health.trialSize, health.owed)
    let devices: Set<String>
    do {
      try await pool.write { database in
        try database.execute(sql: "DELETE FROM trials")
        try database.execute(sql: "INSERT INTO trials (bytes) VALUES (zeroblob(?))", arguments: [size])
      }
      devices = try await pool.write { database in
        try database.execute(sql: "DELETE FROM trials")
        return Set(try owed.compactMap { try Self.disconnect(row: $0.key, now: $0.value, in: database) })
      }
    } catch {
      return false
    }
    let isRecovered = health.recovered(written: owed)
    owed.keys.forEach(changes.changed(row:))
    devices.forEach(changes.changed(device:))
    return isRecovered
  }

  /// The size of the write-ahead log, in bytes: it is cut when a checkpoint was whole, and grows while none can be.
  package var logFileSize: Int64 {
    (try? FileStatus(path: path + "-wal").size) ?? 0
  }

  /// Returns the session's device.
  static func disconnect(row: Int64, now: Int64, in database: Database) throws -> String? {
    try database.run(
      "UPDATE sessions SET connected = 0, disconnectedAt = ?, lastSeenAt = ? WHERE row = ? AND connected = 1",
      [now, now, row])
    guard let clientId: String = try database.row("SELECT clientId FROM sessions WHERE row = ?", [row])?["clientId"]
    else {
      return nil
    }
    try database.run("UPDATE devices SET lastSeenAt = max(lastSeenAt, ?) WHERE clientId = ?", [now, clientId])
    return clientId
  }
}
