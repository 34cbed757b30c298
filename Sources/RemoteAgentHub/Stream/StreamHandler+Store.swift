import NIOCore
import RemoteAgentCore

/// The stream's dealings with the store: each asynchronous, none blocks reading, and the result comes back to the loop.
extension StreamHandler {
  /// What a hello comes to.
  enum Opening<Opened: Sendable>: Sendable {
    case opened(Opened)
    case refused
    case deviceRefused(DeviceRefusal)
    case failed(StoreError)

    var isRefusal: Bool { if case .opened = self { false } else { true } }
  }

  private struct WaitingControls: Sendable {
    let controls: [WaitingControl]
    let stamp: Int64
  }

  /// The connection is here: the registry knows it before it looks whether the device may go on. A refusal that comes
  /// between the check of the token and this look is seen here, a later one finds the connection.
  func arrive(_ connection: StreamConnection) {
    isArriving = true
    let services = services
    let clientId = admitted.clientId
    perform { () -> Result<Milliseconds?, StoreError> in
      await services.registry.connected(connection, clientId: clientId)
      let now = services.clock.wall()
      do throws(StoreError) {
        return .success(try await services.store.expiry(of: clientId, now: now).map { $0 - now })
      } catch {
        return .failure(error)
      }
    } then: { handler, standing in
      handler.isArriving = false
      switch standing {
      case .success(let life?):
        handler.isEphemeral = true
        handler.session.deviceExpires(in: life, now: handler.now)
      case .success(nil): break
      case .failure(.refused(let why)): handler.session.refused(why, now: handler.now)
      case .failure(let error): handler.storeFailed(error)
      }
      handler.advance()
      handler.settleIfDrained()
    }
  }

  func open(_ description: SessionDescription, deviceControlCursor: Int64, tool: String) {
    guard let connection else { return }
    isOpening = true
    let services = services
    let admitted = admitted
    let key = SessionGate.Key(clientId: admitted.clientId, sessionId: description.sessionId)
    self.key = key
    let hello = SessionHello(
      clientId: admitted.clientId, description: description, deviceControlCursor: deviceControlCursor)
    perform {
      await services.gate.withSession(key) {
        await Self.open(connection, of: admitted, tool: tool, services) { now throws(StoreError) in
          try await services.store.open(hello, now: now)
        } target: {
          .session($0.row)
        }
      }
    } then: { handler, opening in
      handler.finishOpening(opening)
    }
  }

  /// Makes a connection the one that takes its target's controls, in the place of the one before.
  ///
  /// - Parameter open: asks the store; nil for a refusal.
  static func open<Opened: Sendable>(
    _ connection: StreamConnection, of admitted: AdmittedStream, tool: String, _ services: StreamServices,
    _ open: (_ now: Int64) async throws(StoreError) -> Opened?, target: (Opened) -> ControlTarget
  ) async -> Opening<Opened> {
    var registered: ControlTarget?
    let opening: Opening<Opened>
    do throws(StoreError) {
      let now = services.clock.wall()
      guard let found = try await open(now) else { return .refused }
      let place = target(found)
      await services.registry.register(place, connection: connection)
      registered = place
      // Once more: what the connection before had taken is in the store only now.
      let opened = try await open(now)
      try await services.store.seen(clientId: admitted.clientId, address: admitted.address, version: tool, now: now)
      opening = opened.map(Opening.opened) ?? .refused
    } catch .refused(let why) {
      opening = .deviceRefused(why)
    } catch {
      opening = .failed(error)
    }
    // One that took the place and came to nothing leaves it again.
    if let registered, opening.isRefusal { await leave(registered, connection, services) }
    return opening
  }

  private func finishOpening(_ opening: Opening<OpenedSession>) {
    finish(opening) { handler, opened in
      handler.opened = opened
      handler.target = .session(opened.row)
      handler.controls.opened(controlCursor: opened.controlCursor)
      handler.session.opened(
        id: opened.id, url: handler.services.pageOrigin().map { "\($0)/sessions/\(opened.id)" },
        cursor: opened.cursor, controlCursor: opened.controlCursor, controlsGiven: opened.controlsGiven,
        storedBytes: opened.stored, isEnded: opened.ended, now: handler.now)
    }
  }

  func finish<Opened>(_ opening: Opening<Opened>, _ take: (StreamHandler, Opened) -> Void) {
    isOpening = false
    switch opening {
    case .opened(let opened): take(self, opened)
    case .refused: session.openRefused()
    case .deviceRefused(let why): session.refused(why, now: now)
    case .failed(let error): storeFailed(error)
    }
    advance()
    controlsWaiting()
    settleIfDrained()
  }

  /// Starts the next commit, if there is something and none is under way.
  func commitNext() {
    guard let row = opened?.row, let (batch, count) = commits.next() else { return }
    let services = services
    perform { () -> Result<Int64, StoreError> in
      do throws(StoreError) {
        return .success(try await services.store.commit(batch, row: row, now: services.clock.wall()))
      } catch {
        return .failure(error)
      }
    } then: { handler, result in
      handler.commits.finished()
      switch result {
      case .success(let cursor) where cursor >= batch.lastSeq:
        for _ in 0..<count { handler.session.committed(cursor: cursor, now: handler.now) }
      case .success:
        handler.commits.drop()
        handler.session.storeFailed("the session's log has another end")
      case .failure(let error):
        handler.commits.drop()
        handler.storeFailed(error)
      }
      handler.advance()
      handler.settleIfDrained()
    }
  }

  /// The device is sent away for a while, and told no more than it needs to know.
  func storeFailed(_ error: StoreError) {
    if case .cannotStore(let outage) = error {
      session.storeFailed(outage.detail, retryAfter: StoreOutage.retryAfter)
    } else {
      session.storeFailed("the hub failed")
    }
  }

  /// The session has reached its quota.
  func noteFull() {
    guard let row = opened?.row else { return }
    let services = services
    Task { try? await services.store.filled(row: row) }
  }

  /// Checks the next renewed token, one at a time.
  func renewNext() {
    guard !isRenewing, let renewal = renewals.first else { return }
    isRenewing = true
    let services = services
    let admitted = admitted
    perform {
      await services.devices.renew(token: renewal.token, proof: renewal.proof, of: admitted)
    } then: { handler, outcome in
      handler.isRenewing = false
      if !handler.renewals.isEmpty { handler.renewals.removeFirst() }
      switch outcome {
      case .renewed(let life, let expiresAt):
        handler.session.authenticated(tokenLife: life, expiresAt: expiresAt, now: handler.now)
      case .staleNonce(let nonce): handler.session.proofNonceStale(nonce: nonce, now: handler.now)
      case .deviceRefused(let why): handler.session.refused(why, now: handler.now)
      case .refused: handler.session.authenticationFailed()
      case .failed: handler.session.storeFailed("the token can't be checked now", retryAfter: StoreOutage.retryAfter)
      case .tooOften(let retryAfter): handler.session.storeFailed("this device asks too often", retryAfter: retryAfter)
      }
      handler.advance()
    }
  }

  /// Controls wait in the store.
  func controlsWaiting() {
    guard context != nil, let target, !session.isClosed, controls.startFetch() else { return }
    let services = services
    let after = controls.sent
    perform {
      let now = services.clock.wall()
      let waiting = (try? await services.store.waitingControls(of: target, after: after, now: now)) ?? []
      var marked: [WaitingControl] = []
      for control in waiting {
        // Noted first: what may have reached the device is never called `expired`.
        do throws(StoreError) {
          try await services.store.controlSent(of: target, seq: control.seq, now: now)
        } catch .notWaiting {
          continue
        } catch {
          // One beyond it must not be sent: its acknowledgement would stand for this one too.
          break
        }
        marked.append(control)
      }
      return WaitingControls(controls: marked, stamp: now)
    } then: { handler, waiting in
      for control in waiting.controls {
        handler.controls.handedOver(through: control.seq)
        control.payload.withUnsafeBytes {
          handler.session.control(
            seq: control.seq, payload: $0, ttlMs: control.ttlMs, ts: waiting.stamp, now: handler.now)
        }
      }
      handler.advance()
      if handler.controls.fetched() { handler.controlsWaiting() }
    }
  }

  func controlsAcknowledged(through cursor: Int64) {
    controls.acknowledged(through: cursor)
    storeAcknowledgement()
  }

  private func storeAcknowledgement() {
    guard let target, let cursor = controls.startAcknowledgement() else { return }
    let services = services
    perform {
      try? await services.store.controlsAcknowledged(of: target, cursor: cursor, now: services.clock.wall())
    } then: { handler, _ in
      handler.controls.acknowledgementStored()
      handler.storeAcknowledgement()
    }
  }

  /// The connection is over: the session, or the device's channel, is away, unless a newer connection has it.
  func leave(_ connection: StreamConnection) {
    let (services, clientId, mayHaveFinished) = (services, admitted.clientId, isEphemeral && isDelivered)
    guard let target, let key else {
      Task { await services.registry.disconnected(connection, clientId: clientId) }
      return
    }
    // Not beside an opening: what is written here must not fall on a connection that has the session by then.
    let leaving: @Sendable () async -> Void = {
      await services.registry.disconnected(connection, clientId: clientId)
      await Self.leave(target, connection, services)
      if mayHaveFinished, case .session(let row) = target,
        let finished = try? await services.store.delivered(row: row, now: services.clock.wall())
      {
        await services.registry.refused(finished, why: .finished)
      }
    }
    Task { await services.gate.withSession(key, leaving) }
  }

  private static func leave(_ target: ControlTarget, _ connection: StreamConnection, _ services: StreamServices) async {
    guard await services.registry.unregister(target, connection: connection) else { return }
    switch target {
    case .session(let row): try? await services.store.disconnected(row: row, now: services.clock.wall())
    case .device(let clientId): try? await services.store.channelClosed(of: clientId, now: services.clock.wall())
    }
  }

  /// Does `work` elsewhere, and `then` on the event loop, also when the channel is gone by then.
  func perform<Value: Sendable>(
    _ work: @escaping @Sendable () async -> Value, then: @escaping (StreamHandler, Value) -> Void
  ) {
    let eventLoop = eventLoop
    let bound = NIOLoopBound((handler: self, then: then), eventLoop: eventLoop)
    Task {
      let value = await work()
      eventLoop.execute { bound.value.then(bound.value.handler, value) }
    }
  }
}
