/// What happened to it, and what is due.
extension DeviceConnection {
  mutating func start() {
    guard case .idle = phase else { return }
    phase = .connecting
    actions.append(.connect)
  }

  /// The WebSocket is open; the session token lives `tokenLife` milliseconds from now. False if nobody waits for it.
  mutating func connected(tokenLife: Milliseconds, now: Milliseconds) -> Bool {
    guard case .connecting = phase else { return false }
    phase = .greeting(since: now)
    heartbeat = Heartbeat(now: now)
    renewal = TokenRenewal(life: tokenLife, now: now)
    hubError = nil
    probeUntil = nil
    owesPing = false
    owedPong = nil
    return true
  }

  /// The attempt failed in a way that may pass.
  mutating func connectFailed(reason: String, retryAfter: Milliseconds?, now: Milliseconds) {
    guard case .connecting = phase else { return }
    wait(reason: reason, isHerd: false, retryAfter: retryAfter, openedAt: nil, now: now)
  }

  /// The attempt, or the renewal of the token, was refused for good.
  mutating func refused(_ refusal: Refusal, isDone: Bool) {
    switch phase {
    case .closing, .finished: return
    case .idle, .waiting, .connecting, .greeting, .streaming: finish(isDone ? .done : .gaveUp(refusal))
    }
  }

  /// A byte came from the hub.
  mutating func receivedBytes(now: Milliseconds) {
    heartbeat.received(now: now)
    probeUntil = nil
  }

  /// The machine's network changed, or it woke up: an attempt that waits is made now, and an open connection has to show
  /// soon that it lives.
  mutating func networkChanged(now: Milliseconds) {
    switch phase {
    case .waiting: phase = .waiting(until: now)
    case .streaming:
      guard probeUntil == nil else { return }
      owesPing = true
      probeUntil = now + DeviceConnection.probeTimeout
    case .idle, .connecting, .greeting, .closing, .finished: break
    }
  }

  /// The hub has greeted us, and this is its heartbeat.
  mutating func greeted(_ heartbeat: Heartbeat, now: Milliseconds) {
    phase = .streaming(since: now)
    self.heartbeat = heartbeat
    hasGreeted = true
  }

  /// The hub has taken, or sent, something new.
  mutating func progressed() {
    fruitless = 0
    unauthorized = 0
  }

  /// The connection has ended; `code` is that of the hub's close frame, if there was one.
  mutating func lost(code: UInt16?, reason: String, isDone: Bool, now: Milliseconds) {
    var openedAt: Milliseconds?
    switch phase {
    case .idle, .waiting, .connecting, .finished: return
    case .closing: return finish(.done)
    case .greeting: break
    case .streaming(let since): openedAt = since
    }
    if isDone { return finish(.done) }
    if let openedAt, now - openedAt >= Backoff.goodConnection {
      unauthorized = 0
      if purpose == .channel { fruitless = 0 }
    }
    outbox = []
    let why = printable(hubError.map { $0.message.isEmpty ? $0.code : $0.message } ?? reason)
    // The close frame may be lost where the error before it arrived.
    let code = code ?? hubError.flatMap { CloseCode.code(for: $0.code) }
    let reaction = CloseCode.reaction(to: code)
    if reaction != .giveUpAfterThree { fruitless = 0 }
    switch reaction {
    case .giveUp: return finish(.gaveUp(refusal(code: code, why)))
    case .renewOnce:
      unauthorized += 1
      if unauthorized > 1 { return finish(.gaveUp(Refusal(.notPaired, why))) }
      wait(reason: why, isHerd: false, retryAfter: hubError?.retryAfter, openedAt: openedAt, now: now)
    case .giveUpAfterThree:
      fruitless += 1
      if fruitless >= 3 { return finish(.gaveUp(Refusal(.protocolRefused, why))) }
      wait(reason: why, isHerd: false, retryAfter: hubError?.retryAfter, openedAt: openedAt, now: now)
    case .reconnect(let isHerd):
      wait(reason: why, isHerd: isHerd, retryAfter: hubError?.retryAfter, openedAt: openedAt, now: now)
    }
  }

  private func refusal(code: UInt16?, _ why: String) -> Refusal {
    if code == CloseCode.superseded, purpose == .channel {
      return Refusal(.protocolRefused, "the device channel was taken over by another ra-tunnel of this device (\(why))")
    }
    return Refusal(code == CloseCode.revoked ? .notPaired : .protocolRefused, why)
  }

  private mutating func wait(
    reason: String, isHerd: Bool, retryAfter: Milliseconds?, openedAt: Milliseconds?, now: Milliseconds
  ) {
    backoff.lost(openedAt: openedAt, now: now)
    let delay = withRandom { backoff, random in
      backoff.next(isHerd: isHerd, retryAfter: retryAfter, using: &random)
    }
    phase = .waiting(until: now + delay)
    actions.append(.disconnected(reason: reason, retryIn: delay))
  }

  /// What the hub said is wrong: it is told so, and that is the end.
  mutating func violation(_ reason: String) {
    let error = message(.error, ["code": "bad_message", "message": .string(reason)])
    finish(.gaveUp(Refusal(.protocolRefused, reason)))
    actions.insert(contentsOf: [.send(error), .close(code: CloseCode.badMessage, reason: "bad_message")], at: 0)
  }

  private mutating func withRandom(
    _ body: (inout Backoff, inout any RandomNumberGenerator & Sendable) -> Milliseconds
  ) -> Milliseconds {
    body(&backoff, &random)
  }

  /// Sends the close of an end that is as it should be.
  mutating func close(now: Milliseconds) -> Action {
    phase = .closing(since: now)
    return .close(code: CloseCode.normal, reason: "")
  }

  /// Ends it wherever it is.
  mutating func finish(_ outcome: Outcome) {
    phase = .finished
    outbox = []
    actions = [.finished(outcome)]
  }

  /// Does what is due by now.
  mutating func tick(isDone: Bool, now: Milliseconds) {
    switch phase {
    case .idle, .connecting, .finished: break
    case .waiting(let until):
      guard now >= until else { return }
      phase = .connecting
      actions.append(.connect)
    case .greeting(let since):
      guard now - since >= DeviceConnection.helloTimeout else { return }
      abandon(reason: "the hub did not greet", isDone: isDone, now: now)
    case .streaming:
      if let probeUntil, now >= probeUntil {
        abandon(reason: "the network changed, and nothing came from the hub since", isDone: isDone, now: now)
      } else if heartbeat.isDead(now: now) {
        abandon(reason: "nothing came from the hub for \(heartbeat.timeout / 1000) s", isDone: isDone, now: now)
      } else if heartbeat.isPingDue(now: now) {
        heartbeat.sent(now: now)
        owesPing = true
      }
    case .closing(let since):
      if now - since >= DeviceConnection.closeTimeout { finish(.done) }
    }
  }

  private mutating func abandon(reason: String, isDone: Bool, now: Milliseconds) {
    lost(code: nil, reason: reason, isDone: isDone, now: now)
    actions.insert(.abandon, at: 0)
  }
}
