import RemoteAgentCore

/// A `DeviceSession` with the input in the place of the hub, the driver and the clock.
struct DeviceSessionFuzz {
  static func run(_ input: UnsafeRawBufferPointer) {
    var fuzz = DeviceSessionFuzz(Choices(input))
    fuzz.play()
  }

  private static let messageSize = 300

  private var choices: Choices
  private var session: DeviceSession
  private var model = DeviceModel()
  private var now: Milliseconds = 1_000
  /// All lines of the session by their positions; with a spool it has them all.
  private var lines: [InputLine] = []
  private let hasSpool: Bool
  private var isEnded = false
  private var canSend = true
  private var written: Int64 = 0
  /// Of the connection: when something was heard, and when silence is death.
  private var heardAt: Milliseconds = 0
  private var timeout = Heartbeat.defaultTimeout
  private var newestControl: Int64 = 0

  private init(_ choices: Choices) {
    self.choices = choices
    let description = SessionDescription(sessionId: "s", writer: String(repeating: "a", count: 32), control: true)
    var configuration = DeviceSession.Configuration(session: description, tool: "t", platform: "p")
    configuration.bufferLimit = 50 + 40 * self.choices.number(below: 256)
    configuration.messageSize = DeviceSessionFuzz.messageSize
    hasSpool = self.choices.bool()
    let random = Drawn(UInt64(self.choices.byte()))
    guard hasSpool else {
      session = DeviceSession(configuration: configuration, random: random)
      return
    }
    var state = SpoolState()
    for _ in 0..<self.choices.number(below: 12) {
      lines.append(DeviceSessionFuzz.line(&self.choices, position: lines.count))
      state.apply(.line(SpooledLine(lines[lines.count - 1])))
    }
    if self.choices.bool() {
      state.numbering = .init(position: 0, number: 1 + Int64(self.choices.byte()))
      state.unnumberedFrom = Int64(self.choices.number(below: lines.count + 1))
    }
    let released = Int64(self.choices.number(below: Int(state.unnumberedFrom ?? state.position) + 1))
    state.apply(.released(through: released))
    if self.choices.number(below: 4) == 0 {
      // Lines that were dropped, numbered or not.
      let through = released + Int64(self.choices.number(below: Int(state.position - released) + 1))
      state.apply(.lost(.init(from: released, through: through, bytes: 9, reason: .overflow)))
    } else if self.choices.number(below: 4) == 0 {
      let end = InputLine.end(bytes: 0, lines: Int64(lines.count), isIncomplete: true, ts: Int64(lines.count))
      lines.append(end)
      state.apply(.line(SpooledLine(end, isEnd: true)))
      isEnded = true
    }
    state.writtenControl = Int64(self.choices.byte())
    written = state.writtenControl
    model.discarded(before: state.released)
    if let numbers = state.numbers { model.given(numbers, position: state.released) }
    session = DeviceSession(configuration: configuration, spool: state, random: random)
  }

  private static func line(_ choices: inout Choices, position: Int) -> InputLine {
    let filler = String(repeating: "x", count: choices.number(below: 200))
    return InputLine(
      type: choices.number(below: 8) == 0 ? .status : .log, ts: Int64(position),
      payload: Array(#"{"position":\#(position),"text":"\#(filler)"}"#.utf8))
  }

  private mutating func play() {
    session.start(now: now)
    drain()
    var steps = 0
    while !choices.isEmpty, steps < 4_000 {
      steps += 1
      step()
      drain()
    }
    canSend = true
    drain()
  }

  // MARK: Steps

  private mutating func step() {
    switch choices.number(below: 24) {
    case 0, 1, 2: take(1 + choices.number(below: 4))
    case 3: end()
    case 4, 5: connect()
    case 6:
      session.connectionLost(code: code(), reason: "lost", now: now)
      model.lost()
    case 7, 8: hear(hello())
    case 9, 10, 11: hear(acknowledgement())
    case 12: hear(control())
    case 13: hear(other())
    case 14:
      hear((0..<choices.number(below: 5)).map { _ in choices.bool() ? control() : other() }.joined(separator: "\n"))
    case 15: hearRaw(choices.bytes(atMost: 40))
    case 16: if let deadline = session.deadline { now = min(max(now, deadline), now + 1 << 40) }
    case 17: now += Int64(choices.number(below: 40_000))
    case 18: now += Int64(choices.byte()) * 1_000_000
    case 19:
      if let control = session.nextControl {
        hold(control.seq > written && control.line.last == 0x0A, "a control out of order")
        written = control.seq
        session.controlWritten()
      }
    case 20: canSend.toggle()
    case 21: renew()
    case 22: fetch()
    default: discard()
    }
  }

  private mutating func take(_ count: Int) {
    for _ in 0..<count {
      guard !isEnded, hasSpool || session.wantsInput else { return }
      lines.append(DeviceSessionFuzz.line(&choices, position: lines.count))
      session.took(lines[lines.count - 1])
    }
  }

  private mutating func end() {
    guard !isEnded, choices.number(below: 4) == 0 else { return }
    lines.append(InputLine.end(bytes: 0, lines: Int64(lines.count), isIncomplete: false, ts: Int64(lines.count)))
    session.took(lines[lines.count - 1])
    session.inputEnded()
    isEnded = true
  }

  private mutating func connect() {
    guard model.isConnecting else { return }
    switch choices.number(below: 8) {
    case 0:
      session.connectFailed(reason: "failed", retryAfter: choices.bool() ? choices.integer() : nil, now: now)
      model.failed()
    case 1 where choices.number(below: 8) == 0:
      session.refused(.init(.notPaired, "refused"))
    default:
      model.connected(writtenControl: written)
      session.connected(tokenLife: choices.integer(near: 900_000), now: now)
      (heardAt, timeout) = (now, Heartbeat.defaultTimeout)
    }
  }

  private mutating func renew() {
    switch choices.number(below: 4) {
    case 0: session.renewed(token: "t", proof: "p")
    case 1: session.renewalFailed(now: now)
    case 2: session.networkChanged(now: now)
    default:
      heardAt = now
      session.receivedBytes(now: now)
    }
  }

  private mutating func fetch() {
    for _ in 0..<8 {
      guard hasSpool, let wanted = session.wantedPosition else { return }
      hold(wanted >= session.releasedPosition && wanted < lines.count, "a line is wanted that is not there: \(wanted)")
      session.fetched(lines[Int(wanted)])
    }
  }

  private mutating func discard() {
    guard hasSpool, choices.number(below: 4) == 0 else { return }
    let isLost = choices.bool()
    if isLost, session.releasedPosition != session.wantedPosition { return }
    let waiting = Int64(lines.count) - session.releasedPosition
    // The end is in the newest segment, which is never dropped.
    let count = Int64(choices.number(below: max(1, Int(waiting) + (isEnded ? 0 : 1))))
    let bytes = Int64(choices.byte())
    session.discarded(before: session.releasedPosition + count, bytes: bytes, reason: isLost ? .lost : .overflow)
    model.discarded(before: session.releasedPosition)
  }

  // MARK: What the hub says

  private mutating func code() -> UInt16? {
    let codes: [UInt16?] = [nil, 1000, 1001, 1002, 1006, 1012, 1013, 4401, 4408, 4429, 4400, 4409]
    return codes[choices.number(below: codes.count)]
  }

  private mutating func hello() -> String {
    // Most of the time something that a hub can have.
    var cursor = max(0, model.sentThrough + Int64(choices.number(below: 16)) - 8)
    // Numbers end at 2^53 - 1, and no device has a way on from there.
    if choices.number(below: 16) == 0 { cursor = min(choices.integer(near: cursor), 1 << 52) }
    let window = choices.bool() ? Int64(choices.number(below: 1_000)) : 8 << 20
    var members = #","limits":{"window":\#(window)}"#
    if choices.number(below: 8) == 0 {
      members += #","heartbeat":{"interval":\#(choices.integer()),"timeout":\#(choices.integer())}"#
    }
    let version = choices.number(below: 64) == 63 ? 2 : 1
    return #"{"type":"hello","payload":{"protocol":\#(version),"session":{"id":"h"},"cursor":\#(cursor)\#(members)}}"#
  }

  private mutating func acknowledgement() -> String {
    let cursor =
      choices.number(below: 32) == 31 ? choices.integer() : max(0, model.sentThrough - Int64(choices.number(below: 8)))
    return #"{"type":"ack","payload":{"cursor":\#(cursor)}}"#
  }

  private mutating func control() -> String {
    newestControl = choices.number(below: 16) == 15 ? choices.integer(near: newestControl) : newestControl &+ 1
    let filler = String(repeating: "c", count: choices.number(below: 40))
    return #"{"type":"control","seq":\#(newestControl),"payload":{"action":"prompt","text":"\#(filler)"}}"#
  }

  private mutating func other() -> String {
    switch choices.number(below: 8) {
    case 0: #"{"type":"ping","payload":{"t":\#(choices.integer())}}"#
    case 1: #"{"type":"pong","payload":{}}"#
    case 2: #"{"type":"auth","payload":{"expiresIn":\#(choices.integer(near: 900))}}"#
    case 3: #"{"type":"error","payload":{"code":"use_dpop_nonce","nonce":"n"}}"#
    case 4: #"{"type":"error","payload":{"code":"rate_limited","message":"m","retryAfterMs":\#(choices.integer())}}"#
    case 5: #"{"type":"news","payload":{}}"#
    case 6: " \r"
    default: choices.number(below: 16) == 0 ? hello() : #"{"type":"ping","sessionId":"s","payload":{}}"#
    }
  }

  private mutating func hear(_ message: String) { hearRaw(Array(message.utf8)) }

  private mutating func hearRaw(_ message: [UInt8]) {
    guard model.isUp else { return }
    heardAt = now
    session.receivedBytes(now: now)
    let wasGreeted = model.isGreeted
    session.received(message, now: now)
    // What the model takes from it, if the session did; if not, it has given up.
    for part in message.split(separator: 0x0A) {
      guard let envelope = try? Array(part).withUnsafeBytes({ try Envelope(scanning: $0) }),
        let payload = try? JSON(parsing: Array(part)[envelope.payload])
      else { continue }
      switch envelope.type {
      case .hello where !wasGreeted && !model.isGreeted:
        guard let cursor = payload["cursor"]?.integer, (0..<(1 << 53)).contains(cursor) else { return }
        model.greeted(cursor: cursor, window: payload["limits"]?["window"]?.integer ?? 8 << 20)
        timeout = min(max(1, payload["heartbeat"]?["timeout"]?.integer ?? Heartbeat.defaultTimeout), Heartbeat.longest)
      case .ack: model.acknowledged(payload["cursor"]?.integer ?? 0)
      default: break
      }
    }
  }

  // MARK: What the device does

  private mutating func drain() {
    var count = 0
    while let action = session.nextAction(now: now, canSend: canSend) {
      count += 1
      hold(count < 10_000, "no end of actions")
      model.saw(action, lines: lines, writtenControl: written, messageSize: DeviceSessionFuzz.messageSize)
      guard case .finished(.delivered) = action else { continue }
      hold(isEnded, "delivered before its end")
      hold(session.unacknowledgedCount == 0, "delivered, and not all of it is acknowledged")
    }
    hold(session.unacknowledgedCount == Int64(lines.count) - session.releasedPosition, "lines are counted wrong")
    guard !model.isFinished else {
      hold(session.deadline == nil, "a deadline after the end")
      return
    }
    guard model.isUp || model.isWaiting else { return }
    guard let deadline = session.deadline else { fatalError("nothing is ever due again") }
    hold(deadline > now, "what is due at \(deadline) is not done at \(now)")
    if model.isUp, model.isGreeted, !model.isClosing {
      hold(now - heardAt < timeout, "silence, and the connection is kept")
    }
  }
}
