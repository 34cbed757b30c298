import RemoteAgentCore

/// A `DeviceSession` with the test in the hub's and the driver's place.
struct DeviceAlone {
  static let writer = String(repeating: "a", count: 32)

  var session: DeviceSession
  var now: Milliseconds = 1_000
  /// What the session wanted done, in order, but for what `sent` has.
  private(set) var actions: [DeviceSession.Action] = []
  /// The messages it sent, in order, over all connections.
  private(set) var sent: [String] = []

  init(bufferLimit: Int = 8 << 20, random: any RandomNumberGenerator & Sendable = Lowest()) {
    let description = SessionDescription(sessionId: "s", writer: DeviceAlone.writer, control: true)
    var configuration = DeviceSession.Configuration(session: description, tool: "ra-tunnel/0", platform: "test")
    configuration.bufferLimit = bufferLimit
    session = DeviceSession(configuration: configuration, random: random)
  }

  /// A device that goes on with a spool.
  init(spool: SpoolState, bufferLimit: Int = 8 << 20) {
    let description = SessionDescription(sessionId: "s", writer: DeviceAlone.writer, control: true)
    var configuration = DeviceSession.Configuration(session: description, tool: "ra-tunnel/0", platform: "test")
    configuration.bufferLimit = bufferLimit
    session = DeviceSession(configuration: configuration, spool: spool, random: Lowest())
  }

  /// A device that was greeted and has sent its hello.
  static func streaming(cursor: Int64 = 0, members: String = "", lines: Int = 0) -> DeviceAlone {
    var device = DeviceAlone()
    device.take(lines: lines)
    device.connect()
    device.greet(cursor: cursor, members: members)
    return device
  }

  /// Lets it do what it wants to, and returns what that was.
  @discardableResult
  mutating func drain(canSend: Bool = true) -> [DeviceSession.Action] {
    var done: [DeviceSession.Action] = []
    while let action = session.nextAction(now: now, canSend: canSend) {
      done.append(action)
      if case .send(let message) = action { sent.append(String(decoding: message, as: UTF8.self)) }
    }
    actions += done.filter { if case .send = $0 { false } else { true } }
    return done
  }

  /// Time passes until something is due at the latest.
  @discardableResult
  mutating func pass(_ span: Milliseconds) -> [DeviceSession.Action] {
    now += span
    return drain()
  }

  /// The connection that it asks for is made.
  mutating func connect(tokenLife: Milliseconds = 900_000) {
    session.start(now: now)
    drain()
    if let due = session.deadline, due > now { now = due }
    drain()
    session.connected(tokenLife: tokenLife, now: now)
    drain()
  }

  /// The hub's hello comes.
  @discardableResult
  mutating func greet(cursor: Int64, members: String = "") -> [DeviceSession.Action] {
    hub(#"{"type":"hello","payload":{"protocol":1,"session":{"id":"h"},"cursor":\#(cursor)\#(members)}}"#)
  }

  /// A message of the hub comes.
  @discardableResult
  mutating func hub(_ message: String) -> [DeviceSession.Action] {
    session.receivedBytes(now: now)
    session.received(Array(message.utf8), now: now)
    return drain()
  }

  @discardableResult
  mutating func acknowledge(_ cursor: Int64) -> [DeviceSession.Action] {
    hub(#"{"type":"ack","payload":{"cursor":\#(cursor)}}"#)
  }

  @discardableResult
  mutating func control(_ seq: Int64) -> [DeviceSession.Action] {
    hub(#"{"type":"control","seq":\#(seq),"ts":5,"payload":{"ttlMs":9,"action":"stop"}}"#)
  }

  @discardableResult
  mutating func lose(_ code: UInt16? = nil, reason: String = "cut") -> [DeviceSession.Action] {
    session.connectionLost(code: code, reason: reason, now: now)
    return drain()
  }

  mutating func take(lines: Int, from first: Int = 1) {
    for number in first..<(first + lines) { take("line \(number)") }
  }

  mutating func take(_ text: String) {
    session.took(InputLine(type: .log, ts: 7, payload: Array(#"{"text":"\#(text)"}"#.utf8)))
  }

  mutating func end(bytes: Int64 = 0, lines: Int64 = 0) {
    session.took(InputLine.end(bytes: bytes, lines: lines, isIncomplete: false, ts: 9))
    session.inputEnded()
  }

  /// The numbers of the envelopes sent so far, oldest first.
  var numbersSent: [Int64] { sent.flatMap(DeviceAlone.numbers) }

  static func numbers(in message: String) -> [Int64] {
    message.split(separator: "\n").compactMap { line in
      let envelope = Array(line.utf8).withUnsafeBytes { try? Envelope(scanning: $0) }
      guard case .number(let seq)? = envelope?.seq else { return nil }
      return seq
    }
  }

  var outcome: DeviceSession.Outcome? {
    for case .finished(let outcome) in actions { return outcome }
    return nil
  }

  var refusal: DeviceSession.Refusal? {
    if case .gaveUp(let refusal)? = outcome { refusal } else { nil }
  }

  /// The waits between attempts so far.
  var waits: [Milliseconds] {
    actions.compactMap { if case .disconnected(_, let wait) = $0 { wait } else { nil } }
  }
}

/// Always the lowest number: no jitter. (1, since the standard library draws again for ever on a 0.)
struct Lowest: RandomNumberGenerator, Sendable {
  mutating func next() -> UInt64 { 1 }
}

/// Always the highest number: all of the jitter.
struct Highest: RandomNumberGenerator, Sendable {
  mutating func next() -> UInt64 { .max }
}
