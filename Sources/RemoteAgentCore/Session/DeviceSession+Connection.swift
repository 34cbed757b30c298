extension DeviceSession {
  package mutating func start(now: Milliseconds) {
    guard case .idle = phase else { return }
    phase = .connecting
    actions.append(.connect)
  }

  /// The WebSocket is open; the session token lives `tokenLife` milliseconds from now.
  package mutating func connected(tokenLife: Milliseconds, now: Milliseconds) {
    guard case .connecting = phase else { return }
    phase = .greeting(since: now)
    heartbeat = Heartbeat(now: now)
    renewal = TokenRenewal(life: tokenLife, now: now)
    hubError = nil
    probeUntil = nil
    owesPing = false
    owedPong = nil
    acknowledgedControl = controls.cursor
    namedControl = 0
    controls.reconnected()
    var hello: [JSON.Member] = [
      .init("protocol", 1), .init("tool", .string(configuration.tool)),
      .init("platform", .string(configuration.platform)), .init("session", configuration.session.json),
    ]
    if let numbers = replay.numbers {
      hello.append(.init("replay", ["first": .integer(numbers.first), "next": .integer(numbers.next)]))
    }
    hello.append(.init("controlCursor", .integer(controls.cursor)))
    var bytes = Array("{\"type\":\"hello\",\"sessionId\":".utf8)
    JSONString.appendQuoted(configuration.session.sessionId, to: &bytes)
    bytes.append(contentsOf: ",\"payload\":".utf8)
    JSON.object(hello).append(to: &bytes)
    bytes.append(UInt8(ascii: "}"))
    outbox = [bytes]
  }

  /// The attempt failed in a way that may pass.
  package mutating func connectFailed(reason: String, retryAfter: Milliseconds?, now: Milliseconds) {
    guard case .connecting = phase else { return }
    wait(reason: reason, isHerd: false, retryAfter: retryAfter, openedAt: nil, now: now)
  }

  /// The attempt, or the renewal of the token, was refused for good.
  package mutating func refused(_ refusal: Refusal) {
    switch phase {
    case .closing, .finished: return
    case .idle, .waiting, .connecting, .greeting, .streaming: finish(isDelivered ? .delivered : .gaveUp(refusal))
    }
  }

  /// Whether the hub has acknowledged everything, the end too: then no loss or refusal matters any more.
  private var isDelivered: Bool { isInputEnded && replay.isSettled }

  /// A byte came from the hub.
  package mutating func receivedBytes(now: Milliseconds) {
    heartbeat.received(now: now)
    probeUntil = nil
  }

  /// The machine's network changed, or it woke up: an attempt that waits is made now, and an open connection has to show
  /// soon that it lives.
  package mutating func networkChanged(now: Milliseconds) {
    switch phase {
    case .waiting: phase = .waiting(until: now)
    case .streaming:
      guard probeUntil == nil else { return }
      owesPing = true
      probeUntil = now + DeviceSession.probeTimeout
    case .idle, .connecting, .greeting, .closing, .finished: break
    }
  }

  /// The connection has ended; `code` is that of the hub's close frame, if there was one.
  package mutating func connectionLost(code: UInt16?, reason: String, now: Milliseconds) {
    var openedAt: Milliseconds?
    switch phase {
    case .idle, .waiting, .connecting, .finished: return
    case .closing: return finish(.delivered)
    case .greeting: break
    case .streaming(let since): openedAt = since
    }
    if isDelivered { return finish(.delivered) }
    if let openedAt, now - openedAt >= Backoff.goodConnection { unauthorized = 0 }
    outbox = []
    let why = printable(hubError.map { $0.message.isEmpty ? $0.code : $0.message } ?? reason)
    // The close frame may be lost where the error before it arrived.
    let code = code ?? hubError.flatMap { CloseCode.code(for: $0.code) }
    let reaction = CloseCode.reaction(to: code)
    if reaction != .giveUpAfterThree { fruitless = 0 }
    switch reaction {
    case .giveUp:
      return finish(.gaveUp(Refusal(code == CloseCode.revoked ? .notPaired : .protocolRefused, why)))
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

  /// What a hub says, fit for a terminal's line: no control characters, at most 512 bytes.
  func printable(_ text: String) -> String {
    var line = ""
    for scalar in text.unicodeScalars where scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value) {
      if line.utf8.count + UTF8.width(scalar) > 512 { break }
      line.unicodeScalars.append(scalar)
    }
    return line
  }

  private mutating func withRandom(
    _ body: (inout Backoff, inout any RandomNumberGenerator & Sendable) -> Milliseconds
  ) -> Milliseconds {
    body(&backoff, &random)
  }

  mutating func finish(_ outcome: Outcome) {
    phase = .finished
    outbox = []
    actions = [.finished(outcome)]
  }

  mutating func tick(now: Milliseconds) {
    switch phase {
    case .idle, .connecting, .finished: break
    case .waiting(let until):
      guard now >= until else { return }
      phase = .connecting
      actions.append(.connect)
    case .greeting(let since):
      guard now - since >= DeviceSession.helloTimeout else { return }
      abandon(reason: "the hub did not greet", now: now)
    case .streaming:
      if let probeUntil, now >= probeUntil {
        abandon(reason: "the network changed, and nothing came from the hub since", now: now)
      } else if heartbeat.isDead(now: now) {
        abandon(reason: "nothing came from the hub for \(heartbeat.timeout / 1000) s", now: now)
      } else if heartbeat.isPingDue(now: now) {
        heartbeat.sent(now: now)
        owesPing = true
      }
    case .closing(let since):
      if now - since >= DeviceSession.closeTimeout { finish(.delivered) }
    }
  }

  private mutating func abandon(reason: String, now: Milliseconds) {
    connectionLost(code: nil, reason: reason, now: now)
    actions.insert(.abandon, at: 0)
  }
}
