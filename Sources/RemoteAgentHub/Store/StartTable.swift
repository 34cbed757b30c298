import GRDB
import RemoteAgentCore

/// The starts of agents on devices, and the sessions made for them, inside a transaction.
///
///     session:  starting ──the first hello──► live
///                  └──refused, expired, unknown──► ended ──a late hello──► live
///     control:  queued ► sent ► written ► applied        as any (``ControlTable``)
///                  │       │        └────────┴─► unknown  no hello came in time (``StartWindow``)
///                  └───────┴─► expired, unknown
///
/// A start is open until its session has connected or was given up. What was given up is not forgotten: the device may have
/// started it all the same, and what it then sends is taken.
struct StartTable {
  /// How many may be open for a device.
  static let maximumCount = 64

  let database: Database
  /// Unix milliseconds.
  let now: Int64

  /// Makes the session that a start is to become; the device's control of that number then is its start. Returns its key.
  func create(_ request: StartRequest, id: String, clientId: String, seq: Int64) throws -> Int64 {
    try database.run(
      """
      INSERT INTO sessions
        (id, clientId, sessionId, opened, writer, control, title, agent, cwd, labels, firstSeenAt, lastSeenAt, connected)
      VALUES (?, ?, ?, (SELECT coalesce(max(opened), 0) + 1 FROM sessions), '', 1, ?, ?, ?, '{}', ?, ?, 0)
      """, [id, clientId, id, request.title, request.agent, request.folder, now, now])
    let row = database.lastInsertedRowID
    try database.run(
      "UPDATE deviceControls SET session = ?, isOpen = 1 WHERE clientId = ? AND seq = ?", [row, clientId, seq])
    return row
  }

  /// Settles the starts whose life has ended, or whose session didn't connect in time; returns the sessions that had one.
  func expire(_ window: StartWindow) throws -> [Int64] {
    let open = try database.rows(
      "SELECT clientId, seq, session, result, expiresAt, takenAt FROM deviceControls WHERE isOpen = 1")
    return try open.compactMap { start in
      let expiresAt = start["expiresAt"] as Int64
      let result: ControlResult
      var reason: String?
      switch ControlResult(rawValue: start["result"]) {
      case .queued where expiresAt <= now: result = .expired
      case .sent where expiresAt <= now:
        // What the device told of it may have been lost with the connection, or the hub: its session comes all the same.
        guard window.isOver(start["clientId"], takenAt: 0, expiresAt: expiresAt, now: now) else { return nil }
        result = .unknown
      case .written, .applied:
        guard
          window.isOver(
            start["clientId"], takenAt: start["takenAt"] as Int64? ?? now, expiresAt: expiresAt, now: now)
        else { return nil }
        result = .unknown
        reason = "its session did not connect within \(StartWindow.life / 1_000) s"
      default: return nil
      }
      try settle(start["clientId"], start["seq"], result, reason: reason)
      return start["session"]
    }
  }

  /// What a device told of its starts. What it told before, or of one that is settled otherwise, changes nothing. Returns the
  /// sessions that this changed.
  func note(_ outcomes: [ControlOutcome], of clientId: String) throws -> [Int64] {
    try outcomes.compactMap { outcome in
      guard
        let start = try database.row(
          "SELECT session, isOpen, result FROM deviceControls WHERE clientId = ? AND seq = ?", [clientId, outcome.seq]),
        let known = ControlResult(rawValue: start["result"])
      else { return nil }
      switch (ControlResult(rawValue: outcome.result), known) {
      case (.applied, .sent), (.applied, .written):
        guard start["isOpen"] else { return nil }
        try database.run(
          "UPDATE deviceControls SET result = 'applied', takenAt = ? WHERE clientId = ? AND seq = ?",
          [now, clientId, outcome.seq])
      case (.refused, .sent), (.refused, .written), (.refused, .unknown):
        try settle(clientId, outcome.seq, .refused, reason: outcome.reason)
      default: return nil
      }
      return start["session"]
    }
  }

  /// The first hello of a session that a start made: its writer is the session's, whatever became of the start before. So it
  /// is never sent again, not even by a hub that was set back to a time before it was.
  func adopt(row: Int64, writer: String) throws {
    try database.run(
      """
      UPDATE sessions SET writer = ?, ended = 0, exitCode = NULL, exitSignal = NULL, exitOutcome = NULL WHERE row = ?
      """, [writer, row])
    try database.run(
      """
      UPDATE deviceControls SET isOpen = 0,
        reason = CASE result WHEN 'refused' THEN reason END,
        result = CASE result WHEN 'refused' THEN 'refused' ELSE 'applied' END
      WHERE session = ?
      """, [row])
  }

  /// A start whose session has not connected, and was not given up.
  struct Open {
    let clientId: String
    let seq: Int64
    /// Whether its device can't have it.
    let isQueued: Bool
    /// When it is given up at the latest.
    let end: Int64
  }

  /// The start that a session is to become of, if it is open.
  func open(row: Int64) throws -> Open? {
    try database.row(
      "SELECT clientId, seq, result, expiresAt FROM deviceControls WHERE session = ? AND isOpen = 1", [row]
    ).map {
      Open(
        clientId: $0["clientId"], seq: $0["seq"], isQueued: $0["result"] == ControlResult.queued.rawValue,
        end: HubStore.time(StartWindow.grace, after: $0["expiresAt"]))
    }
  }

  /// Takes a start back that is queued: it never is sent then.
  func takeBack(_ start: Open) throws {
    try settle(start.clientId, start.seq, .expired, reason: "stopped before it was sent")
  }

  /// The device is refused from now on: what it has not connected, it never will. Returns the sessions that this changed.
  func end(_ clientId: String, why: DeviceRefusal) throws -> [Int64] {
    let open = try database.rows(
      "SELECT seq, session, result FROM deviceControls WHERE clientId = ? AND isOpen = 1", [clientId])
    return try open.compactMap { start in
      let wasSent = start["result"] as String != ControlResult.queued.rawValue
      try settle(clientId, start["seq"], wasSent ? .unknown : .expired, reason: why.sentence)
      return start["session"]
    }
  }

  /// The start is over; its session too, if it never connected.
  private func settle(_ clientId: String, _ seq: Int64, _ result: ControlResult, reason: String?) throws {
    try database.run(
      "UPDATE deviceControls SET result = ?, reason = ?, isOpen = 0 WHERE clientId = ? AND seq = ?",
      [result.rawValue, reason, clientId, seq])
    guard
      let session: Int64 = try database.row(
        """
        SELECT row FROM sessions WHERE writer = '' AND row =
          (SELECT session FROM deviceControls WHERE clientId = ? AND seq = ?)
        """, [clientId, seq])?["row"]
    else { return }
    try database.run(
      "UPDATE sessions SET ended = 1, exitOutcome = 'error', lastSeenAt = ? WHERE row = ? AND ended = 0",
      [now, session])
    // What was meant for its agent, too.
    try database.run(
      "UPDATE controls SET result = 'expired' WHERE session = ? AND result = 'queued'", [session])
  }
}
