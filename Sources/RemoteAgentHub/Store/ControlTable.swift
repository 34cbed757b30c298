import Foundation
import GRDB

/// What a session's controls are, and what happens to them, inside a transaction (PROTOCOL section 4, control and ack).
///
///     queued -> sent -> written -> applied | refused
///        |        +---> unknown -> applied | refused      its life ended unacknowledged
///        +---> expired                                    its life ended unsent
struct ControlTable {
  /// What may be unacknowledged at a time.
  static let maximumCount = 64
  static let maximumBytes = 1 << 20

  let database: Database
  let row: Int64

  /// Settles the controls of all sessions whose life has ended; returns the sessions that had one.
  static func expire(now: Int64, in database: Database) throws -> [Int64] {
    let rows = try database.rows(
      "SELECT DISTINCT session FROM controls WHERE result IN ('queued', 'sent') AND expiresAt <= ?", [now])
    guard !rows.isEmpty else { return [] }
    try database.run(
      """
      UPDATE controls SET result = CASE result WHEN 'queued' THEN 'expired' ELSE 'unknown' END
      WHERE result IN ('queued', 'sent') AND expiresAt <= ?
      """, [now])
    return rows.map { $0[0] }
  }

  /// Takes a control in; the caller has expired those whose life has ended.
  func enqueue(_ payload: [UInt8], expiresAt: Int64, by: String, now: Int64) throws -> ControlAdmission {
    guard
      let session = try database.row(
        "SELECT control, ended, controlCursor, lastControl FROM sessions WHERE row = ?", [row])
    else { throw StoreError.failed("there is no such session") }
    if session["ended"] { return .ended }
    guard session["control"] else { return .notSteerable }
    let waiting = try database.row(
      """
      SELECT count(*) AS count, coalesce(sum(length(payload)), 0) AS bytes FROM controls
      WHERE session = ? AND result IN ('queued', 'sent')
      """, [row])
    guard waiting?["count"] ?? 0 < Self.maximumCount, (waiting?["bytes"] ?? 0) + payload.count <= Self.maximumBytes
    else { return .tooMany }
    let seq = max(session["controlCursor"] as Int64, session["lastControl"] as Int64) + 1
    try database.run(
      """
      INSERT INTO controls (session, seq, payload, sentBy, acceptedAt, expiresAt, result)
      VALUES (?, ?, ?, ?, ?, ?, 'queued')
      """, [row, seq, Data(payload), by, now, expiresAt])
    try database.run("UPDATE sessions SET lastControl = ? WHERE row = ?", [seq, row])
    return .accepted(seq: seq)
  }

  /// The device has written all up to `cursor` that came to it. One that was sent and whose life has ended since may have been
  /// lost with its connection, and was then not sent again: that stays unknown. In a hello the cursor may be beyond all that
  /// was ever sent to it (the hub's disk was replaced, say): what was not sent is then numbered anew, above it.
  func acknowledge(through cursor: Int64, now: Int64, isHello: Bool = false) throws {
    try database.run(
      "UPDATE controls SET result = 'written' WHERE session = ? AND seq <= ? AND result = 'sent' AND expiresAt > ?",
      [row, cursor, now])
    try database.run(
      "UPDATE sessions SET controlCursor = ?, lastControl = max(lastControl, ?) WHERE row = ? AND controlCursor < ?",
      [cursor, cursor, row, cursor])
    guard isHello else { return }
    let queued = try database.rows(
      """
      SELECT seq, seq <= (SELECT controlCursor FROM sessions WHERE row = ?) AS isBelow FROM controls
      WHERE session = ? AND result = 'queued' ORDER BY seq
      """, [row, row])
    guard queued.contains(where: { $0["isBelow"] }),
      let last = try database.row("SELECT lastControl FROM sessions WHERE row = ?", [row])
    else { return }
    var next = last["lastControl"] as Int64
    for control in queued {
      next += 1
      try database.run(
        "UPDATE controls SET seq = ? WHERE session = ? AND seq = ?", [next, row, control["seq"] as Int64])
    }
    try database.run("UPDATE sessions SET lastControl = ? WHERE row = ?", [next, row])
  }
}
