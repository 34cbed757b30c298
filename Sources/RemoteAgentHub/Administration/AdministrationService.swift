import RemoteAgentCore

/// Does what the hub's commands ask for.
struct AdministrationService: Sendable {
  /// The largest control that is taken, in bytes: an envelope around it stays within a message.
  static let maximumControl = 512 << 10

  let store: HubStore
  let registry: SessionRegistry
  let clock: HubClock
  let url: String
  let ca: String?

  func answer(_ line: [UInt8], to answer: AdministrationAnswer) async {
    do {
      do {
        try await perform(try AdministrationRequest(parsing: line), answer)
        try await answer.end()
      } catch let AdministrationError.refused(code, message) {
        try await answer.error(code, message)
      } catch let error as StoreError {
        try await answer.error("internal_error", "\(error)")
      }
    } catch {
      // The command is gone: nobody is left to be told.
    }
  }

  private func perform(_ request: AdministrationRequest, _ answer: AdministrationAnswer) async throws {
    switch request {
    case .code:
      let now = clock.wall()
      let code = try await store.createPairingCode(now: now)
      try await answer.ok([
        "code": .string(code.code), "url": .string(url), "ca": ca.map(JSON.string) ?? .null,
        "expiresAt": .integer(code.expiresAt), "expiresIn": .integer((code.expiresAt - now) / 1_000),
      ])
    case .sessions(let limit):
      let sessions = try await store.sessions(limit: Int(limit))
      try await answer.ok([:])
      for session in sessions { try await answer.send(session.json) }
    case .devices:
      let devices = try await store.devices()
      try await answer.ok([:])
      for device in devices { try await answer.send(device.json) }
    case .logs(let id, let after, let follow):
      let session = try await session(id)
      try await answer.ok(session.json)
      do {
        try await sendLogs(of: session, after: after, follow: follow, to: answer)
      } catch is StoreError {
        // Among items an error could not be told from an envelope: the missing end says it.
        throw AdministrationError.brokenOff
      }
    case .revoke(let clientId):
      guard try await store.revoke(clientId, now: clock.wall()) else {
        throw AdministrationError.notFound("there is no device \(clientId)")
      }
      await registry.revoked(clientId)
      try await answer.ok(try await store.device(clientId)?.json ?? [:])
    case .send(let id, let payload):
      let session = try await session(id)
      let seq = try await send(payload, to: session)
      try await answer.ok(["seq": .integer(seq), "id": .string(session.id)])
    }
  }

  private func session(_ id: String) async throws -> SessionRecord {
    if let session = try await store.session(idOrLatest: id) { return session }
    throw AdministrationError.notFound(id == "latest" ? "there is no session yet" : "there is no session \(id)")
  }

  private func send(_ payload: JSON, to session: SessionRecord) async throws -> Int64 {
    var life = HubStore.controlLife
    if let ttl = payload["ttlMs"] {
      guard let ttl = ttl.integer, ttl > 0 else { throw AdministrationError.badRequest("ttlMs must be positive") }
      life = ttl
    }
    let bytes = JSON.object((payload.members ?? []).filter { $0.name != "ttlMs" }).serialized()
    guard bytes.count <= Self.maximumControl else {
      throw AdministrationError.refused(code: "too_large", message: "the control is over \(Self.maximumControl) bytes")
    }
    switch try await store.enqueueControl(
      row: session.row, payload: bytes, ttlMs: life, by: "ra-hub", now: clock.wall())
    {
    case .accepted(let seq):
      await registry.controlsWaiting(row: session.row)
      return seq
    case .notSteerable:
      throw AdministrationError.refused(code: "not_steerable", message: "nobody reads the session's controls")
    case .ended: throw AdministrationError.refused(code: "session_ended", message: "the session has ended")
    case .tooMany:
      throw AdministrationError.refused(code: "rate_limited", message: "too many controls wait for the device")
    }
  }
}
