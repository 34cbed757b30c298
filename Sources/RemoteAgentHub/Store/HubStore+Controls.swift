import GRDB

extension HubStore {
  /// What a control lives that nobody said anything about, in milliseconds.
  package static let controlLife: Int64 = 3_600_000

  /// Takes a control in for a session; it is kept until it is acknowledged or its life has ended. Whoever calls this also
  /// calls ``SessionRegistry/controlsWaiting(row:)``.
  ///
  /// - Parameters:
  ///   - payload: the control's JSON object, without `ttlMs`.
  ///   - ttlMs: its life from now, more than 0.
  ///   - by: who sent it, for those who watch.
  package func enqueueControl(
    row: Int64, payload: [UInt8], ttlMs: Int64 = controlLife, by: String, now: Int64
  ) async throws(StoreError) -> ControlAdmission {
    let expiresAt = now.addingReportingOverflow(max(ttlMs, 1)).overflow ? Int64.max : now + max(ttlMs, 1)
    let (admission, expired) = try await write { database in
      let expired = try ControlTable.expire(now: now, in: database)
      let table = ControlTable(database: database, row: row)
      return (try table.enqueue(payload, expiresAt: expiresAt, by: by, now: now), expired)
    }
    expired.forEach(changes.changed(row:))
    if case .accepted = admission { changes.changed(row: row) }
    return admission
  }

  /// The controls beyond `seq` that are to be sent, in order: also those that were sent but not acknowledged.
  package func waitingControls(row: Int64, after seq: Int64, now: Int64) async throws(StoreError) -> [WaitingControl] {
    try await read { database in
      try database.rows(
        """
        SELECT seq, payload, expiresAt FROM controls
        WHERE session = ? AND seq > ? AND result IN ('queued', 'sent') AND expiresAt > ? ORDER BY seq
        """, [row, seq, now]
      ).map { control in
        WaitingControl(
          seq: control["seq"],
          payload: try control.withUnsafeData(named: "payload") { $0.map { Array($0) } ?? [] },
          ttlMs: control["expiresAt"] as Int64 - now)
      }
    }
  }

  /// Notes that a control is about to be sent: from here on it may have reached the device.
  ///
  /// Throws ``StoreError/notWaiting`` if it must not be sent any more.
  package func controlSent(row: Int64, seq: Int64, now: Int64) async throws(StoreError) {
    try await write { database in
      try database.run(
        """
        UPDATE controls SET result = 'sent'
        WHERE session = ? AND seq = ? AND result IN ('queued', 'sent') AND expiresAt > ?
        """, [row, seq, now])
      guard database.changesCount > 0 else { throw StoreError.notWaiting }
    }
    changes.changed(row: row)
  }

  /// The device has written all controls up to `cursor`.
  package func controlsAcknowledged(row: Int64, cursor: Int64, now: Int64) async throws(StoreError) {
    try await write { database in
      try ControlTable(database: database, row: row).acknowledge(through: cursor, now: now)
    }
    changes.changed(row: row)
  }

  /// Settles the controls whose life has ended: `expired` if they were never sent, `unknown` if they were. While the store
  /// is failing they stay as they are, and whoever only wants to look is not held up by that.
  package func expireControls(now: Int64) async throws(StoreError) {
    guard health.outage == nil else { return }
    do throws(StoreError) {
      let rows = try await write { database in try ControlTable.expire(now: now, in: database) }
      rows.forEach(changes.changed(row:))
    } catch .cannotStore {
    }
  }

  /// A session's last controls, in order, and what became of each; those whose life has ended are settled first.
  package func controls(row: Int64, limit: Int = 100, now: Int64) async throws(StoreError) -> [ControlRecord] {
    try await expireControls(now: now)
    return try await read { database in
      try database.rows(
        ControlRecord.query + " WHERE session = ? ORDER BY seq DESC LIMIT ?", [row, limit]
      ).reversed().map(ControlRecord.init(row:))
    }
  }

  /// The numbers of a session's last controls, in order, and what became of each by now.
  package func controlResults(
    row: Int64, limit: Int = 100
  ) async throws(StoreError) -> [(seq: Int64, result: ControlResult)] {
    try await read { database in
      try database.rows(
        "SELECT seq, result FROM controls WHERE session = ? ORDER BY seq DESC LIMIT ?", [row, limit]
      ).reversed().map { ($0[0], ControlResult(rawValue: $0[1]) ?? .unknown) }
    }
  }

  /// One of a session's controls; nil if there is none of that number.
  package func control(row: Int64, seq: Int64) async throws(StoreError) -> ControlRecord? {
    try await read { database in
      try database.row(ControlRecord.query + " WHERE session = ? AND seq = ?", [row, seq]).map(ControlRecord.init(row:))
    }
  }
}

extension ControlRecord {
  fileprivate static let query = "SELECT seq, payload, sentBy, acceptedAt, result, reason FROM controls"

  fileprivate init(row: Row) throws {
    self.init(
      seq: row["seq"], payload: try row.withUnsafeData(named: "payload") { $0.map { Array($0) } ?? [] },
      by: row["sentBy"], at: row["acceptedAt"], result: ControlResult(rawValue: row["result"]) ?? .unknown,
      reason: row["reason"])
  }
}
