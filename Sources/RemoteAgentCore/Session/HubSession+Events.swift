import DequeModule

extension HubSession {
  /// The session is open for this writer; from here its envelopes are taken.
  ///
  /// - Parameters:
  ///   - id: the hub's own id of the session, and `url` its page.
  ///   - controlCursor: the larger of the hub's and the device's.
  ///   - controlsGiven: the highest number that a control of the session ever got: the device may acknowledge one that was
  ///     sent on an older connection, has expired since or is not yet sent again. Nil if that is not known: then no
  ///     acknowledgement is beyond what was sent.
  ///   - storedBytes: the bytes of its envelopes that are stored.
  ///   - isEnded: it had ended: duplicates are acknowledged, more is refused.
  package mutating func opened(
    id: String, url: String?, cursor: Int64, controlCursor: Int64, controlsGiven: Int64? = nil, storedBytes: Int64 = 0,
    isEnded: Bool, now: Milliseconds
  ) {
    guard case .opening = phase else { return }
    taken = cursor
    durable = cursor
    takenBytes = storedBytes
    self.isEnded = isEnded
    var session: [JSON.Member] = [.init("id", .string(id))]
    if let url { session.append(.init("url", .string(url))) }
    greet(
      session: .object(session), cursor: cursor, controlCursor: controlCursor, controlsGiven: controlsGiven, now: now)
  }

  /// Answers the hello: from here what is sent is taken, and controls are sent.
  mutating func greet(
    session: JSON?, cursor: Int64, controlCursor: Int64, controlsGiven: Int64?, now: Milliseconds
  ) {
    phase = .streaming
    highestControl = controlCursor
    acknowledgedControl = controlCursor
    self.controlsGiven = controlsGiven ?? .max
    var members: [JSON.Member] = [.init("protocol", 1), .init("server", .string(configuration.server))]
    if let session { members.append(.init("session", session)) }
    members += [
      .init("cursor", .integer(cursor)), .init("controlCursor", .integer(controlCursor)),
      .init(
        "heartbeat",
        [
          "interval": .integer(configuration.heartbeatInterval), "timeout": .integer(configuration.heartbeatTimeout),
        ]),
      .init(
        "limits",
        ["message": .integer(Int64(configuration.messageLimit)), "window": .integer(Int64(configuration.window))]),
    ]
    send(.hello, .object(members), now: now)
    if heldAcknowledgement > max(highestControl, self.controlsGiven) {
      fail(CloseCode.badMessage, "an acknowledgement beyond what was sent")
    } else {
      acknowledged(through: heldAcknowledgement)
    }
  }

  /// Another writer has the session.
  package mutating func openRefused() { fail(CloseCode.superseded, "another writer has this session") }

  /// The oldest outstanding batch is durable; `cursor` is the session's.
  package mutating func committed(cursor: Int64, now: Milliseconds) {
    guard settleOldest(now: now) else { return }
    durable = max(durable, cursor)
    if isClosed { return }
    // One acknowledgement for a run of commits would do, but each tells the device soonest; they are small.
    acknowledge()
    heartbeat.sent(now: now)
    closeIfCommitted()
  }

  /// The oldest of what was given out is durable; false if there is nothing.
  mutating func settleOldest(now: Milliseconds) -> Bool {
    let wantedInput = wantsInput
    guard let bytes = uncommitted.popFirst() else { return false }
    uncommittedBytes -= bytes
    // Silence while nothing was read is no silence of the device.
    if !wantedInput { heartbeat.received(now: now) }
    return true
  }

  /// Nothing can be stored now: what is outstanding is dropped, and the device is told to come later.
  ///
  /// - Parameter retryAfter: when, if that is known.
  package mutating func storeFailed(_ message: String, retryAfter: Milliseconds? = nil) {
    uncommitted.removeAll()
    uncommittedBytes = 0
    fail(
      CloseCode.tryAgainLater, message,
      members: retryAfter.map { [.init("retryAfterMs", .integer($0))] } ?? [])
    closeIfCommitted()
  }

  /// The new token and its proof are good.
  package mutating func authenticated(tokenLife: Milliseconds, expiresAt: Int64, now: Milliseconds) {
    guard isAuthenticating, case .streaming = phase else { return }
    isAuthenticating = false
    tokenExpiry = now + tokenLife
    send(.auth, ["expiresAt": .integer(expiresAt), "expiresIn": .integer(tokenLife / 1000)], now: now)
  }

  /// The proof's nonce is stale: the device may try once more with this one.
  package mutating func proofNonceStale(nonce: String, now: Milliseconds) {
    guard isAuthenticating, case .streaming = phase else { return }
    isAuthenticating = false
    send(
      .error, ["code": "use_dpop_nonce", "message": "the nonce is stale", "nonce": .string(nonce)], now: now)
  }

  package mutating func authenticationFailed() {
    fail(CloseCode.unauthorized, "the new token or its proof is not good")
  }

  /// A control is to be sent: numbers ascend; one that was sent already, or has no life left, is not.
  ///
  /// - Parameters:
  ///   - payload: one JSON object; a `ttlMs` in it gives way to the one here.
  ///   - ttlMs: what is left of its life.
  package mutating func control(
    seq: Int64, payload: UnsafeRawBufferPointer, ttlMs: Milliseconds, ts: Int64, now: Milliseconds
  ) {
    guard case .streaming = phase, seq > highestControl, seq < 1 << 53, ttlMs > 0 else { return }
    highestControl = seq
    var bytes = Array("{\"type\":\"control\",\"seq\":".utf8)
    EnvelopeWriter.appendDecimal(seq, to: &bytes)
    bytes.append(contentsOf: ",\"ts\":".utf8)
    EnvelopeWriter.appendDecimal(ts, to: &bytes)
    bytes.append(contentsOf: ",\"payload\":{\"ttlMs\":".utf8)
    EnvelopeWriter.appendDecimal(ttlMs, to: &bytes)
    _ = JSONMembers.forEach(in: payload) { name, value in
      if name == "ttlMs" { return }
      bytes.append(contentsOf: ",\"".utf8)
      bytes.append(contentsOf: name.utf8)
      bytes.append(contentsOf: "\":".utf8)
      bytes.append(contentsOf: payload[value])
    }
    bytes.append(contentsOf: "}}".utf8)
    heartbeat.sent(now: now)
    effects.append(.send(bytes))
  }

  /// The device is refused from now on. What waits to be stored has a moment to be acknowledged before the close; it is
  /// stored in any case.
  package mutating func refused(_ why: DeviceRefusal, now: Milliseconds) {
    if case .closing(let code, let error, nil) = phase {
      // A close that waits for commits already does so no longer than this one.
      phase = .closing(code: code, error: error, until: now + HubSession.revocationGrace)
    }
    fail(CloseCode.revoked, why.sentence, until: now + HubSession.revocationGrace)
  }

  /// The device will be refused in so many milliseconds, whatever its token says.
  package mutating func deviceExpires(in life: Milliseconds, now: Milliseconds) {
    deviceExpiry = now.addingReportingOverflow(life).overflow ? .max : now + life
  }

  /// A newer connection of the same writer has come.
  package mutating func superseded() { fail(CloseCode.superseded, "a newer connection took over") }

  /// The hub is stopping.
  package mutating func goingAway() { close(CloseCode.goingAway, error: nil) }

  /// The WebSocket engine refused what came: a message over the limit (1009), say. It has sent its own close.
  package mutating func failed() { phase = .closed }
}
