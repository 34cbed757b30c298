import GRDB
import RemoteAgentCore

/// What a hello does to the tables, inside a transaction.
struct SessionOpening {
  let hello: SessionHello
  let now: Int64
  let database: Database

  func open(newId: String) throws -> OpenedSession? {
    let description = hello.description
    guard
      let found = try database.row(
        "SELECT row, writer FROM sessions WHERE clientId = ? AND sessionId = ?",
        [hello.clientId, description.sessionId])
    else {
      guard try hasSessionLeft else { throw StoreError.refused(.sessionsUsed) }
      try create(id: newId)
      return try opened(row: database.lastInsertedRowID)
    }
    let row = found["row"] as Int64
    let writer = found["writer"] as String
    if writer.isEmpty {
      try StartTable(database: database, now: now).adopt(row: row, writer: description.writer)
    } else if writer == description.writer {
      try reconnect(row: row)
    } else {
      let isFenced =
        try database.row(
          "SELECT 1 FROM fencedWriters WHERE session = ? AND writer = ?", [row, description.writer]) != nil
      guard description.append, !isFenced else { return nil }
      try takeOver(row: row, from: writer)
    }
    try describe(row: row)
    return try opened(row: row)
  }

  /// Whether the device may open one more session.
  private var hasSessionLeft: Bool {
    get throws {
      try database.row(
        """
        SELECT 1 FROM devices WHERE clientId = ? AND (sessionLimit IS NULL
          OR (SELECT count(*) FROM sessions WHERE sessions.clientId = devices.clientId) < sessionLimit)
        """, [hello.clientId]) != nil
    }
  }

  /// Whether controls are taken for the session: somebody has to read them, and an ephemeral device is never steered.
  private var control: Bool {
    get throws {
      try hello.description.control
        && database.row("SELECT 1 FROM devices WHERE clientId = ? AND sessionLimit IS NULL", [hello.clientId]) != nil
    }
  }

  private func create(id: String) throws {
    let session = hello.description
    try database.run(
      """
      INSERT INTO sessions
        (id, clientId, sessionId, opened, writer, control, title, agent, host, cwd, labels, firstSeenAt, lastSeenAt)
      VALUES (?, ?, ?, (SELECT coalesce(max(opened), 0) + 1 FROM sessions), ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        id, hello.clientId, session.sessionId, session.writer, control, session.title, session.agent,
        session.host, session.cwd, JSON.object(session.labels).text, now, now,
      ])
  }

  private func reconnect(row: Int64) throws {
    // An `end` that the old writer's last batch brought after it was displaced doesn't end the new one's session.
    try database.run("UPDATE sessions SET ended = 0, takenOver = 0 WHERE row = ? AND takenOver = 1", [row])
    guard database.changesCount > 0 else { return }
    try DeviceTable(database: database, now: now).sessionReopened(row: row)
    // Nor is what it asked then anybody's to answer.
    try QuestionTable(database: database, row: row).clear()
  }

  private func takeOver(row: Int64, from old: String) throws {
    // A device that has finished begins nothing again.
    let device = try database.row("SELECT finishedAt FROM devices WHERE clientId = ?", [hello.clientId])
    guard device?["finishedAt"] as Int64? == nil else { throw StoreError.refused(.finished) }
    try database.run("INSERT INTO fencedWriters (session, writer) VALUES (?, ?)", [row, old])
    try QuestionTable(database: database, row: row).clear()
    try database.run(
      """
      UPDATE sessions SET writer = ?, takenOver = 1, ended = 0, isDelivered = 0, exitCode = NULL, exitSignal = NULL,
        exitOutcome = NULL, turn = NULL, cwd = NULL,
        opened = (SELECT max(opened) + 1 FROM sessions)
      WHERE row = ?
      """, [hello.description.writer, row])
  }

  private func describe(row: Int64) throws {
    let session = hello.description
    try database.run(
      """
      UPDATE sessions SET control = ?,
        title = coalesce(?, CASE WHEN EXISTS (SELECT 1 FROM deviceControls WHERE session = row) THEN title END),
        agent = coalesce(?, agent), host = ?, cwd = coalesce(cwd, ?), labels = ?,
        connected = 1, disconnectedAt = NULL, isFull = 0, lastSeenAt = ?
      WHERE row = ?
      """,
      [
        control, session.title, session.agent, session.host, session.cwd, JSON.object(session.labels).text, now,
        row,
      ])
  }

  private func opened(row: Int64) throws -> OpenedSession? {
    try ControlTable(database: database, target: .session(row))
      .acknowledge(through: hello.deviceControlCursor, now: now, isHello: true)
    let columns = "id, cursor, controlCursor, lastControl, ended, stored"
    return try database.row("SELECT \(columns) FROM sessions WHERE row = ?", [row]).map {
      OpenedSession(
        row: row, id: $0["id"], cursor: $0["cursor"], controlCursor: $0["controlCursor"],
        controlsGiven: $0["lastControl"] as Int64, ended: $0["ended"], stored: $0["stored"])
    }
  }
}
