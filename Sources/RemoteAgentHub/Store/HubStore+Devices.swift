import GRDB

extension HubStore {
  /// The device of that name; nil if there is none.
  package func device(_ clientId: String) async throws(StoreError) -> Device? {
    try await read { database in
      try database.row(Device.query + " WHERE clientId = ?", [clientId]).map(Device.init(row:))
    }
  }

  /// All devices, revoked ones too; the newest first.
  package func devices() async throws(StoreError) -> [Device] {
    try await read { database in
      try database.rows(Device.query + " ORDER BY pairedAt DESC, clientId").map(Device.init(row:))
    }
  }

  /// Revokes a device, for ever: its tokens are refused from here on, its sessions are away. Whoever calls this also calls
  /// ``SessionRegistry/revoked(_:)``.
  ///
  /// Returns false if there is none of that name; revoking twice is as once.
  package func revoke(_ clientId: String, now: Int64) async throws(StoreError) -> Bool {
    let rows: [Int64]? = try await write { database in
      guard try database.row("SELECT 1 FROM devices WHERE clientId = ?", [clientId]) != nil else { return nil }
      try database.run("UPDATE devices SET revokedAt = coalesce(revokedAt, ?) WHERE clientId = ?", [now, clientId])
      let connected = try database.rows("SELECT row FROM sessions WHERE clientId = ? AND connected = 1", [clientId])
      try database.run(
        "UPDATE sessions SET connected = 0, disconnectedAt = ? WHERE clientId = ? AND connected = 1", [now, clientId])
      return connected.map { $0[0] }
    }
    rows?.forEach(changes.changed(row:))
    if rows != nil { changes.changed(device: clientId) }
    return rows != nil
  }

  /// Notes that a device was here. What is nil stays as it was.
  package func seen(clientId: String, address: String?, version: String?, now: Int64) async throws(StoreError) {
    try await write { database in
      try database.run(
        """
        UPDATE devices SET address = coalesce(?, address), version = coalesce(?, version), lastSeenAt = ?
        WHERE clientId = ?
        """, [address, version, now, clientId])
    }
    changes.changed(device: clientId)
  }
}

extension Device {
  fileprivate static let query =
    "SELECT *, (SELECT count(*) FROM sessions WHERE sessions.clientId = devices.clientId) AS sessions FROM devices"

  fileprivate init(row: Row) {
    self.init(
      clientId: row["clientId"], label: row["label"], platform: row["platform"], fingerprint: row["fingerprint"],
      address: row["address"], version: row["version"], pairedAt: row["pairedAt"], lastSeenAt: row["lastSeenAt"],
      revokedAt: row["revokedAt"], sessions: row["sessions"])
  }
}
