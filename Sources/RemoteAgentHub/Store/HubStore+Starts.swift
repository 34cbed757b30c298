import GRDB
package import RemoteAgentCore

extension HubStore {
  /// Takes a start in for a device, and makes the session that it is to become. Whoever calls this also calls
  /// ``SessionRegistry/controlsWaiting(_:)`` for the device.
  ///
  /// - Parameters:
  ///   - device: a `clientId`, or a label that only one device has that is not refused.
  ///   - by: who asks for it, for those who watch.
  package func start(
    _ request: StartRequest, on device: String, by: String, now: Int64
  ) async throws(StoreError) -> StartAdmission {
    let id = Symbols.random(12).lowercased()
    let expiresAt = Self.time(request.ttlMs, after: now)
    let channels = channels
    let window = channels.look(now: now)
    let (admission, settled) = try await write { database -> (StartAdmission, [Int64]) in
      let settled = try StartTable(database: database, now: now).expire(window)
      let clientId: String
      switch try DeviceTable(database: database, now: now).startable(device) {
      case .one(let found): clientId = found
      case .none: return (.noDevice, settled)
      case .several: return (.ambiguous, settled)
      case .refused: return (.notStartable, settled)
      }
      if let why = channels.failure(of: clientId) { return (.failing(why: why), settled) }
      let open = try database.row(
        "SELECT count(*) AS count FROM deviceControls WHERE clientId = ? AND isOpen = 1", [clientId])
      guard open?["count"] ?? 0 < StartTable.maximumCount,
        let seq = try ControlTable(database: database, target: .device(clientId)).insert(
          request.payload(sessionId: id), expiresAt: expiresAt, by: by, now: now)
      else { return (.tooMany, settled) }
      let row = try StartTable(database: database, now: now).create(request, id: id, clientId: clientId, seq: seq)
      return (.accepted(id: id, row: row, clientId: clientId), settled)
    }
    settled.forEach(changes.changed(row:))
    if case .accepted(_, let row, let clientId) = admission {
      changes.changed(row: row)
      changes.changed(device: clientId)
    }
    return admission
  }

  /// Opens a device's channel for a connection.
  ///
  /// Throws ``StoreError/refused(_:)`` for a device that is refused from now on, or has none. Called twice by a connection that
  /// takes over, as ``open(_:now:)``.
  package func openChannel(
    of clientId: String, deviceControlCursor: Int64, now: Int64
  ) async throws(StoreError) -> OpenedChannel {
    let opened = try await write { database in
      guard try DeviceTable(database: database, now: now).expiry(of: clientId) == nil else {
        throw StoreError.refused(.noChannel)
      }
      try database.run("UPDATE devices SET channelAt = ? WHERE clientId = ?", [now, clientId])
      try ControlTable(database: database, target: .device(clientId))
        .acknowledge(through: deviceControlCursor, now: now, isHello: true)
      let device = try database.row("SELECT controlCursor, lastControl FROM devices WHERE clientId = ?", [clientId])
      return OpenedChannel(controlCursor: device?["controlCursor"] ?? 0, controlsGiven: device?["lastControl"] ?? 0)
    }
    channels.opened(clientId, now: now)
    changes.changed(device: clientId)
    return opened
  }

  /// The device's channel is gone and no other has taken its place.
  package func channelClosed(of clientId: String, now: Int64) async throws(StoreError) {
    channels.closed(clientId, now: now)
    changes.changed(device: clientId)
    try await seen(clientId: clientId, address: nil, version: nil, now: now)
  }

  /// The device is about to have a channel: what is asked for until then waits for it.
  func expectChannel(of clientId: String, now: Int64) async throws(StoreError) {
    try await write { database in
      try database.run("UPDATE devices SET channelAt = coalesce(channelAt, ?) WHERE clientId = ?", [now, clientId])
    }
    changes.changed(device: clientId)
  }

  /// The device has no channel any more: nothing is to wait for one.
  func expectNoChannel(of clientId: String) async throws(StoreError) {
    try await write { database in
      try database.run("UPDATE devices SET channelAt = NULL WHERE clientId = ?", [clientId])
    }
    changes.changed(device: clientId)
  }

  /// Keeps what a device told of its controls.
  package func noteOutcomes(
    _ outcomes: [ControlOutcome], of clientId: String, now: Int64
  ) async throws(StoreError) {
    let rows = try await write { database in
      try StartTable(database: database, now: now).note(outcomes, of: clientId)
    }
    rows.forEach(changes.changed(row:))
  }
}

/// What the store answers the hello of a device channel.
package struct OpenedChannel: Sendable, Equatable {
  /// The larger of the hub's and the device's; controls that wait are numbered above it.
  package let controlCursor: Int64
  /// The highest number that a control of the device ever got.
  package let controlsGiven: Int64

  package init(controlCursor: Int64, controlsGiven: Int64) {
    self.controlCursor = controlCursor
    self.controlsGiven = controlsGiven
  }
}
