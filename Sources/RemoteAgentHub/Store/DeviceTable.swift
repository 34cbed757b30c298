import GRDB
import RemoteAgentCore

/// Whether devices may go on, and how they end, inside a transaction.
///
///     paired ──a person, or the device itself──────────────────────► revoked
///        ├──────its time is over───────────────────────────────────► expired
///        └──────its last session has ended──► (a grace) ───────────► finished
///
/// In the grace a device that lost its last acknowledgement can come for it. It is over at once when the device closes
/// its last connection in good order: then it has it.
struct DeviceTable {
  let database: Database
  /// Unix milliseconds.
  let now: Int64

  /// What is read of a device to know ``refusal(of:now:)``.
  static let standing = "devices.revokedAt, devices.endedBy, devices.expiresAt, devices.finishedAt"

  /// Why a device is refused from now on; nil if it isn't.
  static func refusal(of device: Row, now: Int64) -> DeviceRefusal? {
    if device["revokedAt"] as Int64? != nil {
      return (device["endedBy"] as String?).flatMap(DeviceRefusal.init(rawValue:)) ?? .revoked
    }
    guard let expiresAt = device["expiresAt"] as Int64?, expiresAt <= now else { return nil }
    return device["finishedAt"] as Int64? == nil ? .expired : .finished
  }

  /// When a device expires, in Unix milliseconds; nil for one that doesn't. Throws ``StoreError/refused(_:)`` for one that
  /// is refused from now on, or unknown.
  func expiry(of clientId: String) throws -> Int64? {
    guard let device = try database.row("SELECT \(Self.standing) FROM devices WHERE clientId = ?", [clientId]) else {
      throw StoreError.refused(.revoked)
    }
    if let why = Self.refusal(of: device, now: now) { throw StoreError.refused(why) }
    return device["expiresAt"]
  }

  /// Refuses a device from now on; what it has sent stays. Once ended is ended: another reason changes nothing. Returns its
  /// sessions that this changed.
  func end(_ clientId: String, why: DeviceRefusal) throws -> [Int64] {
    try database.run(
      "UPDATE devices SET revokedAt = ?, endedBy = ? WHERE clientId = ? AND revokedAt IS NULL",
      [now, why.rawValue, clientId])
    try database.run(
      """
      UPDATE controls SET result = CASE result WHEN 'queued' THEN 'expired' ELSE 'unknown' END
      WHERE result IN ('queued', 'sent') AND session IN (SELECT row FROM sessions WHERE clientId = ?)
      """, [clientId])
    let given = try StartTable(database: database, now: now).end(clientId, why: why)
    let changed = try database.rows(
      """
      SELECT row FROM sessions WHERE clientId = ? AND (connected = 1 OR control = 1
        OR EXISTS (SELECT 1 FROM questions WHERE session = row))
      """, [clientId])
    try database.run(
      "DELETE FROM questions WHERE session IN (SELECT row FROM sessions WHERE clientId = ?)", [clientId])
    try database.run(
      """
      UPDATE sessions SET control = 0, disconnectedAt = CASE connected WHEN 1 THEN ? ELSE disconnectedAt END,
        connected = 0
      WHERE clientId = ? AND (connected = 1 OR control = 1)
      """, [now, clientId])
    return given + changed.map { $0[0] }
  }

  /// The devices that are to end by themselves now.
  ///
  /// - Parameter grace: how long after its last session's end a device may come back for the acknowledgement.
  func due(grace: Int64) throws -> [(clientId: String, why: DeviceRefusal)] {
    try database.rows(
      """
      SELECT clientId, finishedAt FROM devices
      WHERE expiresAt IS NOT NULL AND revokedAt IS NULL AND (expiresAt <= ? OR finishedAt <= ?)
      """, [now, now - grace]
    ).map { ($0["clientId"], $0["finishedAt"] as Int64? == nil ? .expired : .finished) }
  }

  /// A session has ended: it may be the last that its device was paired for.
  func sessionEnded(row: Int64) throws {
    try database.run(
      """
      UPDATE devices SET finishedAt = ?
      WHERE clientId = (SELECT clientId FROM sessions WHERE row = ?) AND finishedAt IS NULL
        AND sessionLimit IS NOT NULL AND (SELECT count(*) FROM sessions WHERE sessions.clientId = devices.clientId AND ended = 1) >= sessionLimit
      """, [now, row])
  }

  /// A session goes on that had ended.
  func sessionReopened(row: Int64) throws {
    try database.run(
      "UPDATE devices SET finishedAt = NULL WHERE clientId = (SELECT clientId FROM sessions WHERE row = ?)", [row])
  }

  /// The device knows that the end of a session is stored. Returns its name if it has nothing more to come for.
  func sessionDelivered(row: Int64) throws -> String? {
    try database.run("UPDATE sessions SET isDelivered = 1 WHERE row = ? AND ended = 1", [row])
    return try database.row(
      """
      SELECT clientId FROM devices
      WHERE clientId = (SELECT clientId FROM sessions WHERE row = ?) AND finishedAt IS NOT NULL AND revokedAt IS NULL
        AND (SELECT count(*) FROM sessions WHERE sessions.clientId = devices.clientId AND isDelivered = 1) >= sessionLimit
      """, [row]
    ).map { $0["clientId"] }
  }

  /// Devices that somebody means by a name.
  enum Naming {
    case one(String)
    case none, several
    /// There is one, and nothing can be started on it.
    case refused
  }

  /// The device of that `clientId`, or else the only one of that label that is not refused, if agents can be started on it.
  func startable(_ name: String) throws -> Naming {
    let query = "SELECT clientId, channelAt, sessionLimit, \(Self.standing) FROM devices WHERE"
    var named = try database.rows("\(query) clientId = ?", [name])
    if named.isEmpty { named = try database.rows("\(query) label = ?", [name]) }
    let good = named.filter { Self.refusal(of: $0, now: now) == nil }
    guard let device = good.first else { return named.isEmpty ? .none : .refused }
    guard good.count == 1 else { return .several }
    let starts = device["channelAt"] as Int64? != nil && device["sessionLimit"] as Int64? == nil
    return starts ? .one(device["clientId"]) : .refused
  }
}
