import DequeModule

extension HubSession {
  package enum Effect: Sendable, Equatable {
    /// Open the session in the store; answered by `opened` or `openRefused`.
    case open(SessionDescription, deviceControlCursor: Int64, tool: String)
    /// Open the device's channel; answered by `channelOpened`, or by `refused`.
    case openChannel(deviceControlCursor: Int64, tool: String)
    /// Keep what the device told of one of its controls; answered by `noted` or `storeFailed`, in their order.
    case note(ControlOutcome)
    /// Store it; answered by `committed` or `storeFailed`, in the order of the batches.
    case store(HubBatch)
    /// Check the new token and its proof; answered by `authenticated`, `proofNonceStale` or `authenticationFailed`.
    case authenticate(token: String, proof: String)
    /// The device has written all controls up to it.
    case controlsAcknowledged(through: Int64)
    /// The session was refused what would have gone beyond its quota: those who watch are to know.
    case quotaReached
    /// Send one text message.
    case send([UInt8])
    /// Send a close frame, half-close, discard input until its end or 2 s.
    case close(code: UInt16, reason: String)
  }

  package mutating func nextEffect() -> Effect? {
    effects.popFirst()
  }

  /// Whether more may be read: at most the window is uncommitted.
  package var wantsInput: Bool {
    uncommittedBytes <= configuration.window
  }

  /// Whether the close was given out: nothing more will come.
  package var isClosed: Bool {
    if case .closed = phase { true } else { false }
  }

  /// Batches and outcomes given out and not yet answered.
  package var uncommittedCount: Int { uncommitted.count }

  package var deadline: Milliseconds? {
    let expiry = min(tokenExpiry, deviceExpiry ?? .max)
    return switch phase {
    case .greeting(let since): min(since + HubSession.helloTimeout, deviceExpiry ?? .max)
    case .opening: wantsInput ? min(heartbeat.watchdogDeadline, expiry) : expiry
    case .streaming: min(wantsInput ? heartbeat.deadline : heartbeat.pingDeadline, expiry)
    case .closing(_, _, let until): until
    case .closed: nil
    }
  }

  /// Whether the session's end is stored: once the device has heard so, it has nothing more to say.
  package var isComplete: Bool { isEnded && uncommitted.isEmpty && durable == taken }

  /// Time has passed.
  package mutating func tick(now: Milliseconds) {
    if let deviceExpiry, now >= deviceExpiry { refused(.expired, now: now) }
    switch phase {
    case .greeting(let since):
      if now - since >= HubSession.helloTimeout { fail(CloseCode.heartbeat, "no hello") }
    case .opening, .streaming:
      if now >= tokenExpiry {
        fail(CloseCode.unauthorized, "the session token has expired")
      } else if wantsInput, heartbeat.isDead(now: now) {
        fail(CloseCode.heartbeat, "nothing came for \(HubSession.seconds(heartbeat.timeout)) s")
      } else if case .streaming = phase, heartbeat.isPingDue(now: now) {
        send(.ping, ["t": .integer(now)], now: now)
      }
    case .closing(_, _, let until):
      guard let until, now >= until else { return }
      closeNow()
    case .closed: break
    }
  }

  mutating func send(_ type: EnvelopeType, _ payload: JSON, seq: Int64? = nil, now: Milliseconds) {
    var bytes: [UInt8] = []
    EnvelopeWriter.append(type, seq: seq, payload: payload, to: &bytes)
    heartbeat.sent(now: now)
    effects.append(.send(bytes))
  }

  /// Milliseconds in seconds, as a person writes them: `30`, `0.5`.
  private static func seconds(_ span: Milliseconds) -> String {
    span % 1000 == 0 ? "\(span / 1000)" : "\(Double(span) / 1000)"
  }

  mutating func fail(
    _ code: UInt16, _ message: String, members: [JSON.Member] = [], until: Milliseconds? = nil
  ) {
    let word = CloseCode.word(for: code).map { JSON.string($0) }
    close(
      code, error: word.map { .object([.init("code", $0), .init("message", .string(message))] + members) }, until: until
    )
  }

  mutating func close(_ code: UInt16, error: JSON?, until: Milliseconds? = nil) {
    switch phase {
    case .closing, .closed: return
    case .greeting, .opening, .streaming: phase = .closing(code: code, error: error, until: until)
    }
    closeIfCommitted()
  }

  mutating func closeIfCommitted() {
    if uncommitted.isEmpty { closeNow() }
  }

  private mutating func closeNow() {
    guard case .closing(let code, let error, _) = phase else { return }
    phase = .closed
    if owesAcknowledgement { acknowledge() }
    if let error {
      var bytes: [UInt8] = []
      EnvelopeWriter.append(.error, payload: error, to: &bytes)
      effects.append(.send(bytes))
    }
    effects.append(.close(code: code, reason: CloseCode.word(for: code) ?? ""))
  }

  mutating func acknowledge() {
    owesAcknowledgement = false
    var bytes: [UInt8] = []
    EnvelopeWriter.append(.ack, payload: ["cursor": .integer(durable)], to: &bytes)
    effects.append(.send(bytes))
  }
}
