import GRDB
package import RemoteAgentCore

extension HubStore {
  /// How often at most it is written down that a device was here, in milliseconds, if nothing else of it changes.
  private static let seenGranularity: Int64 = 60_000

  /// The device of that name; nil if there is none.
  package func device(_ clientId: String) async throws(StoreError) -> Device? {
    let query = Device.query(owed: health.owed.keys)
    let channels = channels.open
    return try await read { database in
      try database.row(query + " WHERE clientId = ?", [clientId]).map { Device(row: $0, channels: channels) }
    }
  }

  /// All devices, also those that are refused by now; the newest first.
  package func devices() async throws(StoreError) -> [Device] {
    let query = Device.query(owed: health.owed.keys)
    let channels = channels.open
    return try await read { database in
      try database.rows(query + " ORDER BY pairedAt DESC, clientId").map { Device(row: $0, channels: channels) }
    }
  }

  /// When the device expires, in Unix milliseconds; nil for one that doesn't. Throws ``StoreError/refused(_:)`` for one that
  /// is refused from now on.
  package func expiry(of clientId: String, now: Int64) async throws(StoreError) -> Int64? {
    try await read { database in try DeviceTable(database: database, now: now).expiry(of: clientId) }
  }

  /// Revokes a device, for ever: its tokens are refused from here on, its sessions are away, its controls settled. Whoever
  /// calls this also calls ``SessionRegistry/refused(_:why:)``.
  ///
  /// Returns false if there is none of that name; revoking twice is as once.
  package func revoke(_ clientId: String, now: Int64) async throws(StoreError) -> Bool {
    let rows: [Int64]? = try await write { database in
      guard try database.row("SELECT 1 FROM devices WHERE clientId = ?", [clientId]) != nil else { return nil }
      return try DeviceTable(database: database, now: now).end(clientId, why: .revoked)
    }
    rows?.forEach(changes.changed(row:))
    if rows != nil { changes.changed(device: clientId) }
    return rows != nil
  }

  /// Ends the ephemeral devices whose time is over. Whoever calls this also calls ``SessionRegistry/refused(_:why:)`` for
  /// each. While the store is failing nothing is written; their tokens are refused all the same.
  package func endDevices(now: Int64) async throws(StoreError) -> [(clientId: String, why: DeviceRefusal)] {
    let grace = lives.grace
    guard health.outage == nil,
      try await !read({ try DeviceTable(database: $0, now: now).due(grace: grace).isEmpty })
    else { return [] }
    let (ended, rows) = try await write { database in
      let table = DeviceTable(database: database, now: now)
      let due = try table.due(grace: grace)
      return (due, try due.flatMap { try table.end($0.clientId, why: $0.why) })
    }
    rows.forEach(changes.changed(row:))
    for device in ended { changes.changed(device: device.clientId) }
    return ended
  }

  /// The device knows that the end of a session is stored: it has closed its connection in good order after it. If that was
  /// the last that it was paired for it is finished, and its name is returned; whoever calls this then calls
  /// ``SessionRegistry/refused(_:why:)``.
  package func delivered(row: Int64, now: Int64) async throws(StoreError) -> String? {
    let (finished, rows) = try await write { database -> (String?, [Int64]) in
      let table = DeviceTable(database: database, now: now)
      guard let clientId = try table.sessionDelivered(row: row) else { return (nil, []) }
      return (clientId, try table.end(clientId, why: .finished))
    }
    rows.forEach(changes.changed(row:))
    if let finished { changes.changed(device: finished) }
    return finished
  }

  /// Notes that a device was here. What is nil stays as it was. While the store is failing nothing is noted.
  package func seen(clientId: String, address: String?, version: String?, now: Int64) async throws(StoreError) {
    let isKnown = try await read { database in
      try database.row(
        """
        SELECT 1 FROM devices WHERE clientId = ? AND lastSeenAt > ? AND address IS coalesce(?, address)
          AND version IS coalesce(?, version)
        """, [clientId, now - Self.seenGranularity, address, version]) != nil
    }
    guard !isKnown, health.outage == nil else { return }
    do throws(StoreError) {
      try await write { database in
        try database.run(
          """
          UPDATE devices SET address = coalesce(?, address), version = coalesce(?, version), lastSeenAt = ?
          WHERE clientId = ?
          """, [address, version, now, clientId])
      }
    } catch .cannotStore {
      return
    }
    changes.changed(device: clientId)
  }

  /// Notes that the connected devices are here; to be called about once a minute. While the store is failing it is not.
  package func seenConnected(now: Int64) async throws(StoreError) {
    guard health.outage == nil else { return }
    let channels = channels.open
    try await write { database in
      try database.run(
        "UPDATE devices SET lastSeenAt = ? WHERE clientId IN (SELECT clientId FROM sessions WHERE connected = 1)", [now]
      )
      for clientId in channels {
        try database.run("UPDATE devices SET lastSeenAt = ? WHERE clientId = ?", [now, clientId])
      }
    }
  }
}

extension Device {
  /// - Parameter owed: sessions whose connection has ended, which is not written down yet.
  fileprivate static func query(owed: some Collection<Int64>) -> String {
    let away = owed.isEmpty ? "" : " AND row NOT IN (\(owed.map(String.init).joined(separator: ", ")))"
    return """
      SELECT *, (SELECT count(*) FROM sessions WHERE sessions.clientId = devices.clientId) AS sessions,
        (SELECT count(*) FROM sessions
          WHERE sessions.clientId = devices.clientId AND connected = 1 AND ended = 0\(away)) AS live
      FROM devices
      """
  }

  /// - Parameter channels: the devices whose channel is open.
  fileprivate init(row: Row, channels: Set<String>) {
    // When it was asked matters only for the second in which nobody has ended it yet.
    let refusal = DeviceTable.refusal(of: row, now: 0)
    let starts: Starts =
      if refusal != nil || row["channelAt"] as Int64? == nil { .no } else {
        channels.contains(row["clientId"]) ? .ready : .away
      }
    self.init(
      clientId: row["clientId"], label: row["label"], platform: row["platform"], fingerprint: row["fingerprint"],
      address: row["address"], version: row["version"], pairedAt: row["pairedAt"],
      lastSeenAt: row["lastSeenAt"], expiresAt: row["expiresAt"], revokedAt: row["revokedAt"],
      refusal: refusal, sessions: row["sessions"], live: row["live"], sessionLimit: row["sessionLimit"],
      starts: starts)
  }
}
