import GRDB
import RemoteAgentCore

extension HubStore {
  /// Opens a session for a connection, or makes it (PROTOCOL section 4, hello and fencing).
  ///
  /// Nil if the session has another writer and this one doesn't append, or if this writer was fenced off: that is for ever.
  /// Throws ``StoreError/refused(_:)`` if the device may not open it. Called twice by a connection that takes over: before it displaces
  /// the old one, and when that one's last batch is stored.
  package func open(_ hello: SessionHello, now: Int64) async throws(StoreError) -> OpenedSession? {
    let newId = Symbols.random(12).lowercased()
    let opened = try await write { database -> OpenedSession? in
      _ = try DeviceTable(database: database, now: now).expiry(of: hello.clientId)
      let opening = SessionOpening(hello: hello, now: now, database: database)
      return try opening.open(newId: newId)
    }
    if let opened {
      changes.changed(row: opened.row)
      changes.changed(device: hello.clientId)
    }
    return opened
  }

  /// The session's connection is gone and no other has taken its place.
  ///
  /// While the store is failing it is kept in memory, where the session is away at once, and written when that is over.
  package func disconnected(row: Int64, now: Int64) async throws(StoreError) {
    defer { changes.changed(row: row) }
    if health.owes(disconnected: row, at: now) { return }
    do throws(StoreError) {
      let clientId = try await write { database in try Self.disconnect(row: row, now: now, in: database) }
      if let clientId { changes.changed(device: clientId) }
    } catch {
      guard health.owes(disconnected: row, at: now) else { throw error }
    }
  }

  /// The sessions that a filter lets through, the last begun first.
  package func sessions(_ filter: SessionFilter = SessionFilter(), limit: Int = 100) async throws(StoreError)
    -> [SessionRecord]
  {
    let owed = health.owed
    return try await read { database in
      let (condition, values) = filter.sql
      return try Row.fetchAll(
        database, sql: "\(SessionRecord.query) WHERE \(condition) ORDER BY opened DESC LIMIT ?",
        arguments: StatementArguments(values + [limit])
      ).map { SessionRecord(stored: $0, owed: owed) }
    }
  }

  /// The session of the hub's own name, or else the last begun that a device calls so; `latest` is the last begun of all.
  ///
  /// A session begins when it is made, and again when another writer takes it over; a reconnect begins nothing.
  package func session(idOrLatest id: String) async throws(StoreError) -> SessionRecord? {
    let owed = health.owed
    return try await read { database in
      let found =
        id == "latest"
        ? try database.row(SessionRecord.query + " ORDER BY opened DESC LIMIT 1")
        : try database.row(
          SessionRecord.query + " WHERE id = ? OR sessionId = ? ORDER BY id = ? DESC, opened DESC LIMIT 1",
          [id, id, id])
      return found.map { SessionRecord(stored: $0, owed: owed) }
    }
  }

  /// The session with that key.
  package func session(row: Int64) async throws(StoreError) -> SessionRecord? {
    let owed = health.owed
    return try await read { database in
      try database.row(SessionRecord.query + " WHERE row = ?", [row]).map { SessionRecord(stored: $0, owed: owed) }
    }
  }

  /// A session was refused what would have gone beyond its quota.
  package func filled(row: Int64) async throws(StoreError) {
    try await write { database in try database.run("UPDATE sessions SET isFull = 1 WHERE row = ?", [row]) }
    changes.changed(row: row)
  }
}

extension SessionRecord {
  fileprivate static let query = """
    SELECT sessions.*, devices.label AS device, \(asked("seq")) AS askedAt, \(asked("requestId")) AS asked,
      \(asked("tool")) AS askedTool
    FROM sessions JOIN devices USING (clientId)
    """

  private static func asked(_ column: String) -> String {
    "(SELECT \(column) FROM questions WHERE session = sessions.row ORDER BY seq DESC LIMIT 1)"
  }

  /// - Parameter owed: the ends of connections that are not written down yet.
  fileprivate init(stored row: Row, owed: [Int64: Int64]) {
    let disconnectedAt = owed[row["row"]] ?? row["disconnectedAt"] as Int64?
    let state: State =
      if row["ended"] { .ended } else if row["writer"] as String == "" {
        .starting
      } else if row["connected"],
        owed[row["row"]] == nil
      { .live } else { .away }
    let exit = (row["exitCode"] as Int64?).map(End.code) ?? (row["exitSignal"] as String?).map(End.signal)
    self.init(
      row: row["row"], id: row["id"], sessionId: row["sessionId"], clientId: row["clientId"], device: row["device"],
      agent: row["agent"], title: row["title"], host: row["host"], cwd: row["cwd"],
      labels: (try? JSON(parsing: row["labels"] as String)) ?? [:], state: state, control: row["control"],
      cursor: row["cursor"], bytes: row["bytes"], lines: row["lines"], stored: row["stored"], isFull: row["isFull"],
      firstSeenAt: row["firstSeenAt"],
      lastSeenAt: row["lastSeenAt"], disconnectedAt: disconnectedAt, exit: exit, outcome: row["exitOutcome"],
      turn: row["turn"],
      question: (row["asked"] as String?).map {
        OpenQuestion(seq: row["askedAt"], requestId: $0, tool: row["askedTool"])
      },
      lastLine: row["lastLine"], opened: row["opened"])
  }
}
