import GRDB
import RemoteAgentCore

extension HubStore {
  /// What a control lives that nobody said anything about, in milliseconds.
  package static let controlLife: Int64 = 3_600_000

  /// Takes a control in for a session; it is kept until it is acknowledged or its life has ended. Whoever calls this also
  /// calls ``SessionRegistry/controlsWaiting(_:)``. A `stop` of a session whose start was not sent is done at once: the start
  /// never is, and the session has ended.
  ///
  /// - Parameters:
  ///   - payload: the control's JSON object, without `ttlMs`.
  ///   - ttlMs: its life from now, more than 0; nil for ``controlLife``, or as long as the session's start may take.
  ///   - by: who sent it, for those who watch.
  package func enqueueControl(
    row: Int64, payload: [UInt8], ttlMs: Int64? = nil, by: String, now: Int64
  ) async throws(StoreError) -> ControlAdmission {
    let end = Self.time(max(ttlMs ?? Self.controlLife, 1), after: now)
    let (admission, expired) = try await write { database -> (ControlAdmission, [Int64]) in
      let expired = try ControlTable.expire(now: now, in: database)
      let table = ControlTable(database: database, target: .session(row))
      let starts = StartTable(database: database, now: now)
      let start = try starts.open(row: row)
      if let start, start.isQueued, (try? JSON(parsing: payload))?["action"] == "stop" {
        try starts.takeBack(start)
        let seq = try table.insert(payload, expiresAt: end, by: by, now: now, result: .applied)
        return (seq.map { .accepted(seq: $0) } ?? .tooMany, expired)
      }
      let expiresAt = ttlMs == nil ? max(end, start?.end ?? end) : end
      return (try table.enqueue(payload, expiresAt: expiresAt, by: by, now: now), expired)
    }
    expired.forEach(changes.changed(row:))
    if case .accepted = admission { changes.changed(row: row) }
    return admission
  }

  /// The controls beyond `seq` that are to be sent, in order: also those that were sent but not acknowledged.
  package func waitingControls(
    of target: ControlTarget, after seq: Int64, now: Int64
  ) async throws(StoreError) -> [WaitingControl] {
    try await read { database in
      try ControlTable(database: database, target: target).waiting(after: seq, now: now)
    }
  }

  /// Notes that a control is about to be sent: from here on it may have reached the device.
  ///
  /// Throws ``StoreError/notWaiting`` if it must not be sent any more.
  package func controlSent(of target: ControlTarget, seq: Int64, now: Int64) async throws(StoreError) {
    let rows = try await write { database in
      try ControlTable(database: database, target: target).sent(seq, now: now)
      return try Self.sessions(of: target, from: seq, through: seq, in: database)
    }
    rows.forEach(changes.changed(row:))
  }

  /// The device has written all controls up to `cursor`.
  package func controlsAcknowledged(of target: ControlTarget, cursor: Int64, now: Int64) async throws(StoreError) {
    let rows = try await write { database in
      try ControlTable(database: database, target: target).acknowledge(through: cursor, now: now)
      return try Self.sessions(of: target, from: 1, through: cursor, in: database)
    }
    rows.forEach(changes.changed(row:))
  }

  /// By the index of those that are open, not by the numbers: in the table those that are over stand between them.
  static let openStarts =
    "SELECT session FROM deviceControls WHERE clientId = ? AND +seq BETWEEN ? AND ? AND isOpen = 1"

  /// The sessions that show controls of these numbers and may have news of them.
  private static func sessions(
    of target: ControlTarget, from first: Int64, through last: Int64, in database: Database
  ) throws -> [Int64] {
    switch target {
    case .session(let row): [row]
    case .device(let clientId):
      try database.rows(openStarts, [clientId, first, last]).compactMap { $0["session"] }
    }
  }

  /// Settles the controls whose life has ended: `expired` if they were never sent, `unknown` if they were; and the starts
  /// whose session didn't connect. While the store is failing they stay as they are, and whoever only wants to look is not
  /// held up by that.
  package func expireControls(now: Int64) async throws(StoreError) {
    guard health.outage == nil else { return }
    let window = channels.look(now: now)
    do throws(StoreError) {
      let rows = try await write { database in
        try ControlTable.expire(now: now, in: database)
          + StartTable(database: database, now: now).expire(window)
      }
      rows.forEach(changes.changed(row:))
    } catch .cannotStore {
    }
  }

  /// A session's last controls, in order, and what became of each; those whose life has ended are settled first. The start
  /// that made it, if one did, stands before them with the number 0.
  package func controls(row: Int64, limit: Int = 100, now: Int64) async throws(StoreError) -> [ControlRecord] {
    try await expireControls(now: now)
    return try await read { database in
      try database.rows(
        ControlRecord.query + " ORDER BY seq DESC LIMIT :limit", ["session": row, "limit": limit]
      ).reversed().map(ControlRecord.init(row:))
    }
  }

  /// The numbers of a session's last controls, in order, and what became of each by now.
  package func controlResults(
    row: Int64, limit: Int = 100
  ) async throws(StoreError) -> [(seq: Int64, result: ControlResult)] {
    try await read { database in
      try database.rows(
        "SELECT seq, result FROM (\(ControlRecord.query)) ORDER BY seq DESC LIMIT :limit",
        ["session": row, "limit": limit]
      ).reversed().map { ($0[0], ControlResult(rawValue: $0[1]) ?? .unknown) }
    }
  }

  /// One of a session's controls; nil if there is none of that number.
  package func control(row: Int64, seq: Int64) async throws(StoreError) -> ControlRecord? {
    try await read { database in
      try database.row(
        "SELECT * FROM (\(ControlRecord.query)) WHERE seq = :seq", ["session": row, "seq": seq]
      ).map(ControlRecord.init(row:))
    }
  }
}

extension HubStore {
  /// A time that is `span` after another, or the end of all time. In milliseconds.
  static func time(_ span: Int64, after time: Int64) -> Int64 {
    let (sum, isBeyond) = time.addingReportingOverflow(span)
    return isBeyond ? .max : sum
  }
}

extension ControlRecord {
  fileprivate static let query = """
    SELECT seq, payload, sentBy, acceptedAt, result, reason FROM controls WHERE session = :session
    UNION ALL SELECT 0, payload, sentBy, acceptedAt, result, reason FROM deviceControls WHERE session = :session
    """

  fileprivate init(row: Row) throws {
    self.init(
      seq: row["seq"], payload: try row.withUnsafeData(named: "payload") { $0.map { Array($0) } ?? [] },
      by: row["sentBy"], at: row["acceptedAt"], result: ControlResult(rawValue: row["result"]) ?? .unknown,
      reason: row["reason"])
  }
}
