import RemoteAgentCore

/// A `HubSession` with the input in the place of the device, the store, the driver and the clock.
struct HubSessionFuzz {
  static func run(_ input: UnsafeRawBufferPointer) {
    var fuzz = HubSessionFuzz(Choices(input))
    fuzz.play()
  }

  private var choices: Choices
  private var session: HubSession
  private var model: HubModel
  private var now: Milliseconds = 1_000
  private let window: Int
  /// The highest number that a control was ever given; nil where the store doesn't tell.
  private var controlsGiven: Int64?
  private var hasFailed = false

  private init(_ choices: Choices) {
    self.choices = choices
    window = 1 << self.choices.number(below: 14)
    var configuration = HubSession.Configuration(server: "h")
    configuration.window = window
    configuration.quota = self.choices.number(below: 4) == 0 ? Int64(self.choices.number(below: 4_000)) : 0
    session = HubSession(configuration: configuration, clientId: "c", tokenLife: 900_000, now: now)
    model = HubModel(quota: configuration.quota)
  }

  private mutating func play() {
    if choices.number(below: 8) > 0 {
      receive(hello())
      drain()
      open()
      drain()
    }
    var steps = 0
    while !choices.isEmpty, steps < 4_000 {
      steps += 1
      step()
      drain()
    }
    // The store answers all that it was given, and a session that was to close closes.
    while !model.outstanding.isEmpty, !hasFailed {
      session.committed(cursor: model.commit(), now: now)
      drain()
    }
    while model.outcomes > 0, !hasFailed {
      noted()
      drain()
    }
    session.goingAway()
    drain()
    hold(session.isClosed, "a session that does not close")
  }

  // MARK: Steps

  private mutating func step() {
    if model.isChannel, choices.number(below: 4) > 0 {
      if choices.bool() { receive(outcome()) } else { noted() }
    }
    switch choices.number(below: 20) {
    case 0, 1, 2, 3: receive((0...choices.number(below: 4)).map { numbered(Int64($0)) }.joined(separator: "\n"))
    case 4: receive(numbered(0))
    case 5: receive(other())
    case 6:
      receive(
        (0..<choices.number(below: 6)).map { _ in choices.bool() ? numbered(0) : other() }.joined(separator: "\n"))
    case 7: received(choices.bytes(atMost: 40))
    case 8: received(Array(#"{"type":"log","seq":1,"payload":{"x":"#.utf8) + choices.bytes(atMost: 40))
    case 9, 10, 11:
      guard !model.outstanding.isEmpty else { return }
      session.committed(cursor: model.commit(), now: now)
    case 12: if choices.bool() { open() } else { receive(hello()) }
    case 13: control()
    case 14: answer()
    case 15: now += Int64(choices.number(below: 20_000))
    case 16: if let deadline = session.deadline { now = max(now, deadline) }
    case 17: session.receivedBytes(now: now)
    case 18: acknowledge()
    default: close()
    }
    session.tick(now: now)
  }

  private mutating func noted() {
    guard model.outcomes > 0 else { return }
    model.noted()
    session.noted(now: now)
  }

  private mutating func open() {
    guard model.isOpening else { return }
    let cursor = choices.bool() || model.isChannel ? 0 : Int64(choices.byte())
    let controlCursor = Int64(choices.number(below: 4))
    controlsGiven = choices.bool() ? nil : controlCursor + Int64(choices.number(below: 4))
    if model.isChannel {
      model.opened(cursor: 0, controlCursor: controlCursor, storedBytes: 0, isEnded: false)
      session.channelOpened(controlCursor: controlCursor, controlsGiven: controlsGiven, now: now)
      return
    }
    let storedBytes = Int64(choices.byte())
    let isEnded = choices.number(below: 16) == 15
    model.opened(cursor: cursor, controlCursor: controlCursor, storedBytes: storedBytes, isEnded: isEnded)
    session.opened(
      id: "h", url: nil, cursor: cursor, controlCursor: controlCursor, controlsGiven: controlsGiven,
      storedBytes: storedBytes,
      isEnded: isEnded, now: now)
  }

  private mutating func answer() {
    guard model.isAuthenticating else { return }
    model.authenticated()
    switch choices.number(below: 8) {
    case 0: session.authenticationFailed()
    case 1, 2: session.proofNonceStale(nonce: "n", now: now)
    default: session.authenticated(tokenLife: 1 + Int64(choices.number(below: 60_000)), expiresAt: 5, now: now)
    }
  }

  private mutating func control() {
    let seq = choices.integer(near: model.highestControl)
    if let given = controlsGiven { controlsGiven = max(given, min(seq, 1 << 53 - 1)) }
    let payloads = [
      "{}", #"{"ttlMs":5,"action":"stop"}"#, #"{"action":"prompt","text":"\"}{"}"#,
      #" {"a":[{"ttlMs":1}] , "ttlMs" : {} } "#,
    ]
    let payload = Array(payloads[choices.number(below: payloads.count)].utf8)
    let life = choices.bool() ? 9 : max(0, choices.integer())
    payload.withUnsafeBytes { session.control(seq: seq, payload: $0, ttlMs: life, ts: 5, now: now) }
  }

  private mutating func acknowledge() {
    let cursor = choices.integer(near: model.highestControl)
    let isGood = cursor <= max(model.highestControl, controlsGiven ?? .max)
    let isRead = session.wantsInput
    receive(#"{"type":"ack","payload":{"cursor":\#(cursor)}}"#)
    if isRead, model.isOpen, !isGood { drain(mustClose: true) }
  }

  private mutating func close() {
    switch choices.number(below: 24) {
    case 0: session.goingAway()
    case 1:
      model.refused()
      session.refused(.revoked, now: now)
    case 2: session.superseded()
    case 3: if model.isOpening { session.openRefused() }
    case 4:
      model.storeFailed()
      session.storeFailed("full", retryAfter: choices.bool() ? choices.integer() : nil)
    case 5:
      drain()
      session.failed()
      hasFailed = true
    default: break
    }
  }

  // MARK: What the device says

  private mutating func receive(_ message: String) { received(Array(message.utf8)) }

  /// What the driver does: it reads only while more is wanted, and UTF-8 only.
  private mutating func received(_ message: [UInt8]) {
    guard session.wantsInput, UTF8Text.isValid(message) else { return }
    model.came(message)
    session.receivedBytes(now: now)
    session.received(message, now: now)
  }

  private mutating func hello() -> String {
    let writer = String(repeating: "a", count: 32)
    var members = #""protocol":1,"session":{"writer":"\#(writer)"}"#
    switch choices.number(below: 16) {
    case 0: members = #""protocol":\#(choices.integer())"#
    case 1: members += #","replay":{"first":\#(choices.integer()),"next":\#(choices.integer())}"#
    case 2: members += #","controlCursor":\#(choices.integer())"#
    case 3: members += #","tool":"t","replay":{"first":1,"next":1}"#
    case 4: members = #""protocol":1,"controlCursor":\#(choices.integer())"#
    default: break
    }
    return #"{"type":"hello","sessionId":"s","payload":{\#(members)}}"#
  }

  private mutating func numbered(_ ahead: Int64) -> String {
    let next = model.taken + 1 + ahead
    let seq =
      choices.number(below: 64) == 63 ? choices.integer(near: next) : next - (choices.number(below: 8) == 7 ? 2 : 0)
    let filler = String(repeating: "x", count: choices.number(below: 60))
    switch choices.number(below: 12) {
    case 0: return #"{"type":"status","seq":\#(seq),"ts":5,"payload":{"state":"running","pid":\#(choices.integer())}}"#
    case 1:
      let to = seq + Int64(choices.number(below: 4))
      let from = max(1, next - Int64(choices.number(below: 3)) + (choices.number(below: 32) == 31 ? 9 : 0))
      return #"{"type":"status","seq":\#(to),"payload":{"state":"gap","from":\#(from),"to":\#(to),"reason":"lost"}}"#
    case 2 where choices.number(below: 16) == 15:
      return #"{"type":"status","seq":\#(seq),"payload":{"state":"end","bytes":1,"lines":\#(choices.integer())}}"#
    case 3: return #" {"payload":{"a":"\u0007\#(filler)"},"type":"log","sessionId":"s","seq":\#(seq),"new":[]} "# + "\r"
    default: return #"{"type":"log","seq":\#(seq),"ts":5,"payload":{"stream":"stdout","text":"\#(filler)"}}"#
    }
  }

  /// What a device tells of a control on its channel.
  private mutating func outcome() -> String {
    let result = ["applied", "refused", "x"][choices.number(below: 3)]
    return #"{"type":"status","payload":{"state":"control","seq":\#(choices.integer()),"result":"\#(result)"}}"#
  }

  private mutating func other() -> String {
    switch choices.number(below: 10) {
    case 0: #"{"type":"ping","payload":{"t":\#(choices.integer())}}"#
    case 1: #"{"type":"pong","payload":{}}"#
    case 2: #"{"type":"auth","payload":{"token":"t","proof":"p"}}"#
    case 3: #"{"type":"error","payload":{"code":"x"}}"#
    case 4: #"{"type":"news","payload":{}}"#
    case 5: ""
    case 6: choices.number(below: 16) == 15 ? #"{"type":"control","seq":1,"payload":{}}"# : " \t\r"
    case 7: choices.number(below: 16) == 15 ? #"{"type":"ping","clientId":"d","payload":{}}"# : numbered(0)
    default: numbered(0)
    }
  }

  // MARK: What the hub does

  private mutating func drain(mustClose: Bool = false) {
    while let effect = session.nextEffect() {
      hold(!hasFailed, "something after the connection failed: \(effect)")
      model.saw(effect)
    }
    if hasFailed { return }
    hold(session.uncommittedCount == model.outstanding.count + model.outcomes, "batches are counted wrong")
    hold(model.isChannel || session.wantsInput == (model.outstandingBytes <= window), "the window is not held")
    hold(!mustClose || model.isRefused || session.deadline == nil, "an acknowledgement of what was never sent is taken")
    hold(session.isClosed == model.isClosed, "a close that is not told")
    if let deadline = session.deadline { hold(deadline > now, "what is due at \(deadline) is not done at \(now)") }
  }
}
