import RemoteAgentCore

/// Does what the hub's commands ask for.
struct AdministrationService: Sendable {
  let store: HubStore
  let registry: SessionRegistry
  let clock: HubClock
  let runners: Runners
  let log: PairingLog
  let place: HubPlace

  func answer(_ line: [UInt8], to answer: AdministrationAnswer) async {
    do {
      do {
        try await perform(try AdministrationRequest(parsing: line), answer)
        try await answer.end()
      } catch let AdministrationError.refused(code, message) {
        try await answer.error(code, message)
      } catch StoreError.cannotStore(let outage) {
        try await answer.error("unavailable", outage.detail)
      } catch let error as StoreError {
        try await answer.error("internal_error", "\(error)")
      }
    } catch {
      // The command is gone: nobody is left to be told.
    }
  }

  private func perform(_ request: AdministrationRequest, _ answer: AdministrationAnswer) async throws {
    switch request {
    case .code(let terms):
      let now = clock.wall()
      let code = try await store.createPairingCode(terms, now: now)
      try await answer.ok([
        "code": .string(code.code), "url": .string(place.url), "ca": place.caPath.map(JSON.string) ?? .null,
        "command": .string(place.localCommand(code: code.code)),
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
      await registry.refused(clientId, why: .revoked)
      try await answer.ok(try await store.device(clientId)?.json ?? [:])
    case .approvals:
      let now = clock.wall()
      let approvals = try await store.approvals(now: now)
      try await answer.ok([:])
      for approval in approvals { try await answer.send(approval.json(now: now)) }
    case .decide(let userCode, let decision): try await answer.ok(try await decide(decision, userCode: userCode))
    case .link(let name, let isLocal):
      let now = clock.wall()
      let (secret, token) = try await store.createPersonToken(.link, name: name, now: now)
      try await answer.ok([
        "token": .string(secret), "url": .string(place.link(token: secret, isLocal: false)),
        "localUrl": place.localURL == nil ? .null : .string(place.link(token: secret, isLocal: true)),
        "link": .string(place.link(token: secret, isLocal: isLocal)),
        "expiresAt": token.expiresAt.map(JSON.integer) ?? .null,
      ])
    case .createToken(let name):
      let (secret, token) = try await store.createPersonToken(.api, name: name, now: clock.wall())
      try await answer.ok(["token": .string(secret), "id": .string(token.id), "name": .string(token.name)])
    case .tokens:
      let tokens = try await store.personTokens(now: clock.wall())
      try await answer.ok([:])
      for token in tokens { try await answer.send(token.json) }
    case .revokeToken(let id):
      guard try await store.revokePersonToken(id) else { throw AdministrationError.notFound("there is no token \(id)") }
      try await answer.ok(["id": .string(id)])
    case .start(let what):
      let id: String
      do throws(Problem) {
        id = try await runners.start(what, by: "ra-hub")
      } catch {
        throw AdministrationError.refused(code: error.code, message: error.detail)
      }
      try await answer.ok(["id": .string(id)])
    case .send(let id, let payload):
      let session = try await session(id)
      let (named, question) = try await named(payload, of: session)
      var told: [JSON.Member] = [.init("id", .string(session.id))]
      if let question { told.append(.init("approval", try await store.whole(question, row: session.row))) }
      told.insert(.init("seq", .integer(try await send(named, to: session))), at: 0)
      try await answer.ok(.object(told))
    case .controls(let id):
      let session = try await session(id)
      let controls = try await store.controls(row: session.row, now: clock.wall())
      try await answer.ok(["id": .string(session.id)])
      for control in controls { try await answer.send(control.json) }
    case .questions(let id):
      let session = try await session(id)
      let open = try await store.questions(row: session.row)
      try await answer.ok(["id": .string(session.id)])
      do {
        for question in open { try await answer.send(try await store.whole(question, row: session.row)) }
      } catch is StoreError {
        throw AdministrationError.brokenOff
      }
    }
  }

  private func decide(_ decision: Approval.Decision, userCode: String) async throws -> JSON {
    let now = clock.wall()
    switch try await store.decide(decision, userCode: userCode, now: now) {
    case .decided(let approval, let isNew):
      if isNew { log.decided(decision, approval, by: "ra-hub") }
      return approval.json(now: now)
    case .decidedOtherwise:
      throw AdministrationError.refused(code: "decided", message: "somebody has decided otherwise")
    case .unknown: throw AdministrationError.notFound("no device asks with the code \(userCode)")
    }
  }

  private func session(_ id: String) async throws -> SessionRecord {
    if let session = try await store.session(idOrLatest: id) { return session }
    throw AdministrationError.notFound(id == "latest" ? "there is no session yet" : "there is no session \(id)")
  }

  /// What names a question has to name one that is open, as far as they are kept. A decision that names none denies the only
  /// one that is open: by the time it comes another may be asked than the one that somebody has seen, and nobody allows that.
  /// Returns the question too, if it is open.
  private func named(_ payload: JSON, of session: SessionRecord) async throws -> (JSON, OpenQuestion?) {
    guard payload["action"] == "approve" else { return (payload, nil) }
    let open = try await store.questions(row: session.row)
    if let id = payload["requestId"] {
      let question = open.first { $0.requestId == id.string }
      guard question != nil || open.count == QuestionTable.maximumCount else {
        throw AdministrationError.refused(code: "no_question", message: "no such question is open")
      }
      return (payload, question)
    }
    guard let question = open.last else {
      throw AdministrationError.refused(code: "no_question", message: "the session's agent asks nothing")
    }
    guard open.count == 1, payload["decision"] == "deny" else {
      let count = open.count == 1 ? "one question is" : "\(open.count) questions are"
      throw AdministrationError.refused(code: "name_it", message: "name the request: \(count) open")
    }
    return (.object((payload.members ?? []) + [.init("requestId", .string(question.requestId))]), question)
  }

  private func send(_ payload: JSON, to session: SessionRecord) async throws -> Int64 {
    let control: ControlRequest
    do throws(Problem) {
      control = try ControlRequest(payload)
    } catch {
      throw AdministrationError.refused(code: error.code, message: error.detail)
    }
    switch try await store.enqueueControl(
      row: session.row, payload: control.payload, ttlMs: control.ttlMs, by: "ra-hub", now: clock.wall())
    {
    case .accepted(let seq):
      await registry.controlsWaiting(.session(session.row))
      return seq
    case .notSteerable:
      throw AdministrationError.refused(code: "not_steerable", message: "nobody reads the session's controls")
    case .ended: throw AdministrationError.refused(code: "session_ended", message: "the session has ended")
    case .tooMany:
      throw AdministrationError.refused(code: "rate_limited", message: "too many controls wait for the device")
    }
  }
}
