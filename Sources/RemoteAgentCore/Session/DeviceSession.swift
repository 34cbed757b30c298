/// A device's side of one session, over any number of connections (PROTOCOL sections 4 and 5), without I/O.
///
///                    connect                 connected               hub's hello
///     idle ──start──► connecting ───────────► greeting ──────────────► streaming ──end acknowledged──► closing ──► finished
///                      ▲   │ connectFailed       │ lost                  │ lost                          │ lost, or 2 s
///                      │   ▼                     ▼                       ▼                               ▼
///                      └─ waiting ◄──────────────┴───────────────────────┘                            finished
///
/// Rules: nothing sequenced is sent before the hub's hello; what is not acknowledged is sent again from its cursor; at most
/// the hub's window is unacknowledged; controls, acknowledgements and heartbeats pass whatever else is blocked. A refusal
/// that won't change ends the session wherever it is.
///
/// The driver calls an input, then `nextAction` until it gives nil, and again at `deadline`.
package struct DeviceSession: Sendable {
  package struct Configuration: Sendable {
    package var session: SessionDescription
    /// `ra-tunnel/0.1.0`
    package var tool: String
    /// `linux-x86_64`
    package var platform: String
    /// Bytes held from which on the driver takes in no more (PROTOCOL section 6: 8 MiB).
    package var bufferLimit = 8 << 20
    /// Bytes that one message gathers at most, if more than a line is ready.
    package var messageSize = 64 << 10

    package init(session: SessionDescription, tool: String, platform: String) {
      self.session = session
      self.tool = tool
      self.platform = platform
    }
  }

  private enum Phase {
    case idle
    case waiting(until: Milliseconds)
    case connecting
    case greeting(since: Milliseconds)
    case streaming(since: Milliseconds)
    case closing(since: Milliseconds)
    case finished
  }

  /// Accept to hello, and the last close, in milliseconds (PROTOCOL section 6 and section 4, error and close).
  private static let helloTimeout: Milliseconds = 10_000
  private static let closeTimeout: Milliseconds = 2_000
  private static let messageLimit = 1 << 20

  private let configuration: Configuration
  private var phase = Phase.idle
  private var replay: ReplayBuffer
  private var controls = ControlQueue()
  private var backoff = Backoff()
  private var random: any RandomNumberGenerator & Sendable

  // Of the connection.
  private var heartbeat = Heartbeat(now: 0)
  private var outbox: [[UInt8]] = []
  private var window = 8 << 20
  private var messageLimit = DeviceSession.messageLimit
  private var acknowledgedControl: Int64 = 0
  private var renewal = TokenRenewal()
  private var hubError: (code: String, message: String, retryAfter: Milliseconds?)?

  // Of the session.
  private var actions: [Action] = []
  private var isInputEnded = false
  private var hasGreeted = false
  private var cursor: Int64 = -1
  private var fruitless = 0
  private var unauthorized = 0

  package init(configuration: Configuration, random: any RandomNumberGenerator & Sendable) {
    self.configuration = configuration
    self.random = random
    replay = ReplayBuffer(limit: configuration.bufferLimit)
  }
}

// MARK: - What the driver does

extension DeviceSession {
  package enum Action: Sendable, Equatable {
    /// Begin an attempt: fetch a session token, upgrade; answered by `connected` or `connectFailed`.
    case connect
    /// Send one text message.
    case send([UInt8])
    /// Fetch another session token beside the open connection; answered by `renewed` or `renewalFailed`.
    case renewToken
    /// The hub wants the proof of the new token with this nonce; answered by `renewed`.
    case prove(nonce: String)
    /// Send a close frame and wait for the other's.
    case close(code: UInt16, reason: String)
    /// Give the connection up without ceremony.
    case abandon
    /// The hub's hello came for the first time.
    case opened(id: String?, url: String?)
    /// The connection is lost or refused; another attempt follows after `retryIn` milliseconds.
    case disconnected(reason: String, retryIn: Milliseconds)
    /// It is over.
    case finished(Outcome)
  }

  package enum Outcome: Sendable, Equatable {
    /// The hub has acknowledged everything.
    case delivered
    case gaveUp(Refusal)
  }

  /// A refusal that trying again won't change.
  package struct Refusal: Error, Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
      /// Not paired, revoked, or the token refused.
      case notPaired
      /// The protocol or TLS.
      case protocolRefused
    }

    package let kind: Kind
    package let message: String

    package init(_ kind: Kind, _ message: String) {
      self.kind = kind
      self.message = message
    }
  }

  /// The next thing to do, nil if there is nothing now.
  ///
  /// - Parameter canSend: whether the connection takes another message now; when not, log lines wait (controls'
  ///   acknowledgements and heartbeats are few and small and don't).
  package mutating func nextAction(now: Milliseconds, canSend: Bool) -> Action? {
    tick(now: now)
    if !actions.isEmpty { return actions.removeFirst() }
    if !outbox.isEmpty { return send(outbox.removeFirst(), now: now) }
    guard case .streaming = phase else { return nil }
    if controls.cursor > acknowledgedControl {
      acknowledgedControl = controls.cursor
      return send(message(.ack, ["cursor": .integer(acknowledgedControl)]), now: now)
    }
    if renewal.isDue(now: now) {
      renewal.started()
      return .renewToken
    }
    if canSend, let lines = replay.nextMessage(maximum: min(configuration.messageSize, messageLimit), window: window) {
      return send(lines, now: now)
    }
    if isInputEnded, replay.isEmpty {
      phase = .closing(since: now)
      return .close(code: CloseCode.normal, reason: "")
    }
    return nil
  }

  /// When to call `nextAction` again if nothing else happens.
  package var deadline: Milliseconds? {
    if !actions.isEmpty { return 0 }
    switch phase {
    case .idle, .connecting, .finished: return nil
    case .waiting(let until): return until
    case .greeting(let since): return min(since + DeviceSession.helloTimeout, heartbeat.deadline)
    case .streaming: return min(heartbeat.deadline, renewal.deadline ?? .max)
    case .closing(let since): return since + DeviceSession.closeTimeout
    }
  }

  private mutating func send(_ message: [UInt8], now: Milliseconds) -> Action {
    heartbeat.sent(now: now)
    return .send(message)
  }

  private func message(_ type: EnvelopeType, _ payload: JSON) -> [UInt8] {
    var bytes: [UInt8] = []
    EnvelopeWriter.append(type, payload: payload, to: &bytes)
    return bytes
  }
}

// MARK: - Input and controls

extension DeviceSession {
  /// Whether the driver should take in more input: there is room.
  package var wantsInput: Bool { !isInputEnded && !replay.isFull }

  /// Whether a hub has ever greeted this session.
  package var hasOpened: Bool { hasGreeted }

  /// Lines taken in and not yet acknowledged.
  package var unacknowledgedCount: Int { replay.count }

  /// A line was taken in.
  package mutating func took(_ line: InputLine) {
    precondition(!isInputEnded)
    replay.append(line.type, ts: line.ts, payload: line.payload)
  }

  /// The input ended: the session is complete.
  package mutating func inputEnded(bytes: Int64, lines: Int64, ts: Int64) {
    guard !isInputEnded else { return }
    isInputEnded = true
    let end: JSON = ["state": "end", "bytes": .integer(bytes), "lines": .integer(lines)]
    replay.append(.status, ts: ts, payload: end.serialized())
  }

  /// The oldest control line to write to standard output, with its LF.
  package var nextControl: [UInt8]? { controls.next?.line }

  /// `nextControl` was written whole.
  package mutating func controlWritten() { controls.written() }
}

// MARK: - The connection

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
    acknowledgedControl = controls.cursor
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

  /// The attempt was refused for good.
  package mutating func refused(_ refusal: Refusal) {
    if case .finished = phase { return }
    finish(.gaveUp(refusal))
  }

  /// A byte came from the hub.
  package mutating func receivedBytes(now: Milliseconds) { heartbeat.received(now: now) }

  /// The connection has ended; `code` is that of the hub's close frame, if there was one.
  package mutating func connectionLost(code: UInt16?, reason: String, now: Milliseconds) {
    var openedAt: Milliseconds?
    switch phase {
    case .idle, .waiting, .connecting, .finished: return
    case .closing: return finish(.delivered)
    case .greeting: break
    case .streaming(let since): openedAt = since
    }
    if let openedAt, now - openedAt >= Backoff.goodConnection { unauthorized = 0 }
    outbox = []
    let why = hubError.map { "\($0.message.isEmpty ? $0.code : $0.message)" } ?? reason
    switch CloseCode.reaction(to: code) {
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

  private mutating func withRandom(
    _ body: (inout Backoff, inout any RandomNumberGenerator & Sendable) -> Milliseconds
  ) -> Milliseconds {
    body(&backoff, &random)
  }

  private mutating func finish(_ outcome: Outcome) {
    phase = .finished
    outbox = []
    actions = [.finished(outcome)]
  }

  private mutating func tick(now: Milliseconds) {
    switch phase {
    case .idle, .connecting, .finished: break
    case .waiting(let until):
      guard now >= until else { return }
      phase = .connecting
      actions.append(.connect)
    case .greeting(let since):
      guard now - since >= DeviceSession.helloTimeout || heartbeat.isDead(now: now) else { return }
      abandon(reason: "the hub did not greet", now: now)
    case .streaming:
      if heartbeat.isDead(now: now) {
        abandon(reason: "nothing came from the hub for \(heartbeat.timeout / 1000) s", now: now)
      } else if heartbeat.isPingDue(now: now), outbox.isEmpty {
        heartbeat.sent(now: now)
        outbox.append(message(.ping, ["t": .integer(now)]))
      }
    case .closing(let since):
      if now - since >= DeviceSession.closeTimeout { finish(.delivered) }
    }
  }

  private mutating func abandon(reason: String, now: Milliseconds) {
    actions.append(.abandon)
    connectionLost(code: nil, reason: reason, now: now)
  }
}

// MARK: - Messages

extension DeviceSession {
  /// A text message came from the hub.
  package mutating func received(_ message: [UInt8], now: Milliseconds) {
    switch phase {
    case .greeting, .streaming: break
    // What comes after our close is of no more interest.
    case .idle, .waiting, .connecting, .closing, .finished: return
    }
    message.withUnsafeBytes { bytes in
      for part in bytes.split(separator: UInt8(ascii: "\n")) {
        let line = UnsafeRawBufferPointer(rebasing: part)
        if line.allSatisfy(JSONGrammar.isWhiteSpace) { continue }
        do throws(EnvelopeError) {
          try received(Envelope(scanning: line), in: line, now: now)
        } catch {
          violation("the hub sent a bad envelope: \(error)")
        }
        if case .finished = phase { return }
      }
    }
  }

  private mutating func received(
    _ envelope: Envelope, in line: UnsafeRawBufferPointer, now: Milliseconds
  ) throws(EnvelopeError) {
    guard let type = envelope.type else {
      if envelope.seq != .absent { violation("the hub sent a numbered envelope of an unknown type") }
      return
    }
    if let id = envelope.sessionId, id != configuration.session.sessionId {
      return violation("the hub sent an envelope of another session")
    }
    let payload = UnsafeRawBufferPointer(rebasing: line[envelope.payload])
    if type == .control { return control(envelope, payload: payload) }
    guard let json = try? JSON(parsing: payload) else { throw .badMember("payload") }
    switch type {
    case .hello: greeted(json, now: now)
    case .ack:
      guard let cursor = json["cursor"]?.integer, replay.acknowledged(cursor: cursor) else {
        return violation("the hub acknowledged what was not sent")
      }
      progressed(to: cursor)
    case .ping: outbox.append(self.message(.pong, json["t"].map { ["t": $0] } ?? [:]))
    case .pong: break
    case .auth: if let life = json["expiresIn"]?.integer, life > 0 { renewal.accepted(life: life * 1000, now: now) }
    case .error: noted(json)
    case .log, .status: violation("the hub sent a \(type.rawValue) envelope")
    case .control: break
    }
  }

  private mutating func greeted(_ hello: JSON, now: Milliseconds) {
    guard case .greeting = phase else { return violation("the hub greeted twice") }
    guard hello["protocol"]?.integer == 1 else { return violation("the hub speaks another version of the protocol") }
    guard let cursor = hello["cursor"]?.integer, cursor >= 0, cursor < 1 << 53 else {
      return violation("the hub's hello has no cursor")
    }
    let interval = hello["heartbeat"]?["interval"]?.integer ?? Heartbeat.defaultInterval
    let timeout = hello["heartbeat"]?["timeout"]?.integer ?? Heartbeat.defaultTimeout
    guard interval > 0, timeout > 0 else { return violation("the hub's hello has a bad heartbeat") }
    heartbeat = Heartbeat(interval: interval, timeout: timeout, now: now)
    window = Int(clamping: hello["limits"]?["window"]?.integer ?? 8 << 20)
    messageLimit = max(DeviceSession.messageLimit, Int(clamping: hello["limits"]?["message"]?.integer ?? 0))
    phase = .streaming(since: now)
    progressed(to: cursor)
    if let from = replay.resume(cursor: cursor), let numbers = replay.numbers {
      let to = numbers.first - 1
      let gap: JSON = [
        "state": "gap", "from": .integer(from), "to": .integer(to), "bytes": 0, "reason": "lost",
      ]
      var bytes: [UInt8] = []
      EnvelopeWriter.append(.status, seq: to, payload: gap, to: &bytes)
      outbox.append(bytes)
    }
    if !hasGreeted {
      hasGreeted = true
      actions.append(.opened(id: hello["session"]?["id"]?.string, url: hello["session"]?["url"]?.string))
    }
  }

  private mutating func progressed(to cursor: Int64) {
    guard cursor > self.cursor else { return }
    self.cursor = cursor
    fruitless = 0
    unauthorized = 0
  }

  private mutating func control(_ envelope: Envelope, payload: UnsafeRawBufferPointer) {
    guard case .streaming = phase else { return violation("the hub sent a control before its hello") }
    guard case .number(let seq) = envelope.seq else { return violation("the hub sent a control without a number") }
    var line = Array("{\"type\":\"control\",\"sessionId\":".utf8)
    JSONString.appendQuoted(configuration.session.sessionId, to: &line)
    line.append(contentsOf: ",\"seq\":".utf8)
    EnvelopeWriter.appendDecimal(seq, to: &line)
    if let ts = envelope.ts {
      line.append(contentsOf: ",\"ts\":".utf8)
      EnvelopeWriter.appendDecimal(ts, to: &line)
    }
    line.append(contentsOf: ",\"payload\":".utf8)
    line.append(contentsOf: payload)
    line.append(contentsOf: "}\n".utf8)
    if controls.received(seq: seq, line: line) == .overflow {
      violation("the hub sent more controls than may be unacknowledged")
    }
  }

  private mutating func noted(_ error: JSON) {
    let code = error["code"]?.string ?? "error"
    if code == "use_dpop_nonce", let nonce = error["nonce"]?.string {
      if renewal.mayProveAgain() { actions.append(.prove(nonce: nonce)) }
      return
    }
    hubError = (code, error["message"]?.string ?? "", error["retryAfterMs"]?.integer)
  }

  private mutating func violation(_ reason: String) {
    let error = message(.error, ["code": "bad_message", "message": .string(reason)])
    finish(.gaveUp(Refusal(.protocolRefused, reason)))
    actions.insert(contentsOf: [.send(error), .close(code: CloseCode.badMessage, reason: "bad_message")], at: 0)
  }
}

// MARK: - The session token

extension DeviceSession {
  /// Another token is there; `proof` is for the upgrade's URL, with the newest nonce.
  package mutating func renewed(token: String, proof: String) {
    guard case .streaming = phase else { return }
    outbox.append(message(.auth, ["token": .string(token), "proof": .string(proof)]))
  }

  /// No token could be had now; another try follows while the present one lives.
  package mutating func renewalFailed(now: Milliseconds) { renewal.failed(now: now) }
}
