import Foundation
import GRDB

/// What the controls of a session or a device are, and what happens to them, inside a transaction (PROTOCOL section 4,
/// control and ack).
///
///     queued -> sent -> written -> applied | refused
///        |        +---> unknown -> applied | refused      its life ended unacknowledged
///        +---> expired                                    its life ended unsent
struct ControlTable {
  /// What may be unacknowledged at a time.
  static let maximumCount = 64
  static let maximumBytes = 1 << 20
  /// As the index has it: all that is over is not walked through.
  static let isWaiting = "result IN ('queued', 'sent')"

  let database: Database
  /// The table of the controls, and that of whom they are for, each with its column that names it.
  private let controls: String
  private let key: String
  private let owners: String
  private let ownerKey: String
  private let value: any DatabaseValueConvertible
  /// What else changes when the device has taken one.
  private let taken: String

  init(database: Database, target: ControlTarget) {
    self.database = database
    switch target {
    case .session(let row):
      (controls, key, owners, ownerKey, value, taken) = ("controls", "session", "sessions", "row", row, "")
    case .device(let clientId):
      (controls, key, owners, ownerKey, value) = ("deviceControls", "clientId", "devices", "clientId", clientId)
      taken = ", takenAt = :now"
    }
  }

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

  /// Takes a control in for a session; the caller has expired those whose life has ended.
  func enqueue(_ payload: [UInt8], expiresAt: Int64, by: String, now: Int64) throws -> ControlAdmission {
    guard let session = try database.row("SELECT control, ended FROM sessions WHERE row = ?", [value]) else {
      throw StoreError.failed("there is no such session")
    }
    if session["ended"] { return .ended }
    guard session["control"] else { return .notSteerable }
    return try insert(payload, expiresAt: expiresAt, by: by, now: now).map { .accepted(seq: $0) } ?? .tooMany
  }

  /// Gives a control the next number and keeps it; nil if as many wait as may.
  func insert(
    _ payload: [UInt8], expiresAt: Int64, by: String, now: Int64, result: ControlResult = .queued
  ) throws -> Int64? {
    let waiting = try database.row(
      """
      SELECT count(*) AS count, coalesce(sum(length(payload)), 0) AS bytes FROM \(controls)
      WHERE \(key) = ? AND \(Self.isWaiting)
      """, [value])
    guard waiting?["count"] ?? 0 < Self.maximumCount, (waiting?["bytes"] ?? 0) + payload.count <= Self.maximumBytes,
      let owner = try database.row(
        "SELECT max(controlCursor, lastControl) AS last FROM \(owners) WHERE \(ownerKey) = ?", [value])
    else { return nil }
    let seq = owner["last"] as Int64 + 1
    try database.run(
      """
      INSERT INTO \(controls) (\(key), seq, payload, sentBy, acceptedAt, expiresAt, result)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      """, [value, seq, Data(payload), by, now, expiresAt, result.rawValue])
    try database.run("UPDATE \(owners) SET lastControl = ? WHERE \(ownerKey) = ?", [seq, value])
    return seq
  }

  /// The controls beyond `seq` that are to be sent, in order: also those that were sent but not acknowledged.
  func waiting(after seq: Int64, now: Int64) throws -> [WaitingControl] {
    try database.rows(
      """
      SELECT seq, payload, expiresAt FROM \(controls)
      WHERE \(key) = ? AND seq > ? AND \(Self.isWaiting) AND expiresAt > ? ORDER BY seq
      """, [value, seq, now]
    ).map { control in
      WaitingControl(
        seq: control["seq"],
        payload: try control.withUnsafeData(named: "payload") { $0.map { Array($0) } ?? [] },
        ttlMs: control["expiresAt"] as Int64 - now)
    }
  }

  /// Notes that a control is about to be sent. Throws ``StoreError/notWaiting`` if it must not be any more.
  func sent(_ seq: Int64, now: Int64) throws {
    try database.run(
      """
      UPDATE \(controls) SET result = 'sent'
      WHERE \(key) = ? AND seq = ? AND result IN ('queued', 'sent') AND expiresAt > ?
      """, [value, seq, now])
    guard database.changesCount > 0 else { throw StoreError.notWaiting }
  }

  /// The device has written all up to `cursor` that came to it. One that was sent and whose life has ended since may have been
  /// lost with its connection, and was then not sent again: that stays unknown. In a hello the cursor may be beyond all that
  /// was ever sent to it (the hub's disk was replaced, say): what was not sent is then numbered anew, above it.
  func acknowledge(through cursor: Int64, now: Int64, isHello: Bool = false) throws {
    try database.run(
      """
      UPDATE \(controls) SET result = 'written'\(taken)
      WHERE \(key) = :key AND seq <= :cursor AND \(Self.isWaiting) AND result = 'sent' AND expiresAt > :now
      """, ["key": value, "cursor": cursor, "now": now])
    try database.run(
      """
      UPDATE \(owners) SET controlCursor = ?, lastControl = max(lastControl, ?)
      WHERE \(ownerKey) = ? AND controlCursor < ?
      """, [cursor, cursor, value, cursor])
    guard isHello,
      let owner = try database.row(
        "SELECT controlCursor, lastControl FROM \(owners) WHERE \(ownerKey) = ?", [value])
    else { return }
    let queued = try database.rows(
      "SELECT seq FROM \(controls) WHERE \(key) = ? AND \(Self.isWaiting) AND result = 'queued' ORDER BY seq", [value]
    ).map { $0["seq"] as Int64 }
    guard let first = queued.first, first <= owner["controlCursor"] as Int64 else { return }
    var next = owner["lastControl"] as Int64
    for seq in queued {
      next += 1
      try database.run("UPDATE \(controls) SET seq = ? WHERE \(key) = ? AND seq = ?", [next, value, seq])
    }
    try database.run("UPDATE \(owners) SET lastControl = ? WHERE \(ownerKey) = ?", [next, value])
  }
}
