import RemoteAgentCore

/// Plays a vector whose role is the hub to `HubSession`, with a WebSocket before it and a store of a few members behind.
struct HubVector {
  private struct Connection {
    var session: HubSession
    var wire = VectorWire(testedRole: .server)
    var isOpen = false
  }

  /// The connections that are the device's channel, the newest.
  private var channels: [String] = []

  private struct Control {
    var seq: Int64
    let payload: [UInt8]
    var wasSent = false
  }

  private let vector: Vector
  private var names = Placeholders()
  private var now: Milliseconds = 1_000
  private var connections: [String: Connection] = [:]
  private var cursors: [String: Int64] = [:]

  // The store.
  private var cursor: Int64 = 0
  private var stored: [Int64: [UInt8]] = [:]
  private var isEnded = false
  private var controls: [Control] = []
  private var controlCursor: Int64 = 0
  private var controlsGiven: Int64 = 0

  init(_ vector: Vector) { self.vector = vector }

  mutating func play() throws {
    if vector.outcome["status"] != nil { throw VectorError.notPlayed("HTTP") }
    for step in vector.steps { try self.step(step) }
    let last = vector.steps.last?.on ?? "a"
    if vector.outcome.string == "goes on" {
      try lives(last)
    } else if let on = vector.outcome["goes on"]?.string {
      try lives(on)
    } else {
      try close(vector.outcome, last)
    }
  }

  private mutating func step(_ step: Vector.Step) throws {
    names.cursor = cursors[step.on] ?? 0
    switch step.verb {
    case "connect": connect(step.on)
    case "open":
      connect(step.on)
      try say(
        #"{"type":"hello","sessionId":"s","payload":{"protocol":1,"session":{"writer":"\#(names.fill("${writer}"))"}}}"#,
        step.on)
      _ = try reply(["type": "hello"], step.on)
    case "send":
      let message = try names.bytes(step.value)
      guard !String(decoding: message.prefix(4096), as: UTF8.self).contains(names.fill("${writer2}")) else {
        throw VectorError.notPlayed("which writer has a session is the store's to decide")
      }
      connections[step.on]?.wire.say(message)
      try advance(step.on)
    case "wire":
      connections[step.on]?.wire.put(try names.bytes(step.value))
      try advance(step.on)
    case "reply": _ = try reply(names.fill(step.value), step.on)
    case "acknowledged": try acknowledged(names.fill(step.value).integer ?? 0, step.on)
    case "pong":
      let payload = try names.bytes(step.value)
      guard connections[step.on]?.wire.pong() == payload else { throw VectorError.failed("no such pong") }
    case "closed": try close(step.value, step.on)
    case "cut": connections[step.on] = nil
    case "stored":
      let payload = try names.bytes(step.value["payload"] ?? .null)
      let seq = names.fill(step.value["seq"] ?? .null).integer ?? 0
      guard stored[seq] == payload else {
        throw VectorError.failed("number \(seq) is not stored, or as something else")
      }
    case "control": try control(try names.bytes(step.value))
    case "start": try start(step.value)
    case "revoke":
      connections[step.on]?.session.refused(.revoked, now: now)
      try advance(step.on)
    case "request", "answer": throw VectorError.notPlayed("HTTP")
    case "silent": break
    default: throw VectorError.failed("there is no step \(step.verb)")
    }
  }

  private mutating func connect(_ on: String) {
    let configuration = HubSession.Configuration(server: "ra-hub/0")
    let session = HubSession(
      configuration: configuration, clientId: "c", tokenLife: vector.tokenLife.map { $0 * 1000 } ?? 900_000, now: now)
    connections[on] = Connection(session: session)
  }

  private mutating func say(_ text: String, _ on: String) throws {
    connections[on]?.wire.say(Array(text.utf8))
    try advance(on)
  }

  /// Does what is to be done now on a connection.
  private mutating func advance(_ on: String) throws {
    guard var connection = connections[on] else { return }
    while let event = connection.wire.tested.nextEvent() {
      connection.session.receivedBytes(now: now)
      switch event {
      case .text(let message): connection.session.received(message, now: now)
      case .binary: throw VectorError.notPlayed("that only text is taken is the driver's to see")
      case .closed, .failed: connection.session.failed()
      case .ping, .pong: break
      }
      try perform(&connection, on)
    }
    try perform(&connection, on)
    try connection.wire.carry()
    connections[on] = connection
  }

  private mutating func perform(_ connection: inout Connection, _ on: String) throws {
    while let effect = connection.session.nextEffect() {
      switch effect {
      case .open(_, let deviceCursor, _): try open(&connection, deviceCursor, on)
      case .openChannel(let deviceCursor, _): try openChannel(&connection, deviceCursor, on)
      case .note: connection.session.noted(now: now)
      case .store(let batch):
        try store(batch)
        connection.session.committed(cursor: cursor, now: now)
      case .authenticate(let token, let proof):
        switch (token, proof) {
        case ("good", "good"): connection.session.authenticated(tokenLife: 900_000, expiresAt: 9, now: now)
        case ("good", "stale"): connection.session.proofNonceStale(nonce: "n", now: now)
        default: connection.session.authenticationFailed()
        }
      case .controlsAcknowledged(let through):
        controlCursor = max(controlCursor, through)
        controls.removeAll { $0.seq <= through }
      case .quotaReached: break
      case .send(let message): _ = connection.wire.tested.sendText(message)
      case .close(let code, let reason): _ = connection.wire.tested.sendClose(code: code, reason: reason)
      }
    }
  }

  private mutating func open(_ connection: inout Connection, _ deviceCursor: Int64, _ on: String) throws {
    // The same writer's older connection gives way first.
    for other in connections.keys where other != on && connections[other]?.isOpen == true {
      connections[other]?.session.superseded()
      try advance(other)
    }
    controls.removeAll { $0.wasSent && $0.seq <= deviceCursor }
    controlCursor = max(controlCursor, deviceCursor)
    controlsGiven = max(controlsGiven, deviceCursor)
    for index in controls.indices where controls[index].seq <= controlCursor {
      controlsGiven += 1
      controls[index].seq = controlsGiven
    }
    connection.isOpen = true
    connection.session.opened(
      id: "h", url: "https://h/", cursor: cursor, controlCursor: controlCursor, controlsGiven: controlsGiven,
      isEnded: isEnded, now: now)
    for index in controls.indices { send(&controls[index], &connection) }
  }

  private mutating func openChannel(_ connection: inout Connection, _ deviceCursor: Int64, _ on: String) throws {
    // The newest wins.
    for other in channels where other != on {
      connections[other]?.session.superseded()
      try advance(other)
    }
    channels = [on]
    connection.session.channelOpened(controlCursor: deviceCursor, controlsGiven: deviceCursor, now: now)
  }

  /// A start comes on the channel, as the store of a hub would keep it.
  private mutating func start(_ value: JSON) throws {
    guard let text = value.string, let start = try? JSON(parsing: Array(text.utf8)), let on = channels.first else {
      throw VectorError.failed("there is no channel, or no start")
    }
    let payload = JSON.object([.init("action", "start")] + (start.members ?? [])).serialized()
    controlsGiven += 1
    let (seq, now) = (controlsGiven, now)
    payload.withUnsafeBytes { connections[on]?.session.control(seq: seq, payload: $0, ttlMs: 600_000, ts: 5, now: now) }
    try advance(on)
  }

  private mutating func store(_ batch: HubBatch) throws {
    for line in batch.bytes.split(separator: UInt8(ascii: "\n")) {
      try line.withUnsafeBytes { bytes in
        let envelope = try Envelope(scanning: bytes)
        if case .number(let seq) = envelope.seq { stored[seq] = Array(bytes[envelope.payload]) }
      }
    }
    for fact in batch.facts { if case .end = fact.status { isEnded = true } }
    cursor = batch.lastSeq
  }

  private mutating func control(_ payload: [UInt8]) throws {
    controlsGiven += 1
    var control = Control(seq: controlsGiven, payload: payload)
    for on in connections.keys where connections[on]?.isOpen == true {
      guard var connection = connections[on] else { continue }
      send(&control, &connection)
      connections[on] = connection
    }
    controls.append(control)
    for on in connections.keys { try advance(on) }
  }

  private func send(_ control: inout Control, _ connection: inout Connection) {
    control.wasSent = true
    control.payload.withUnsafeBytes {
      connection.session.control(seq: control.seq, payload: $0, ttlMs: 3_600_000, ts: 5, now: now)
    }
  }
}

// MARK: - What is to come

extension HubVector {
  /// Lets time pass until what is due next, so often that a ping and a watchdog have their turn.
  private mutating func await<Value>(_ on: String, _ what: String, _ look: (inout VectorWire) throws -> Value?) throws
    -> Value
  {
    for _ in 0..<6 {
      if var connection = connections[on] {
        if let found = try look(&connection.wire) {
          connections[on] = connection
          return found
        }
        connections[on] = connection
      }
      guard let due = connections[on]?.session.deadline else { break }
      now = max(now, due)
      connections[on]?.session.tick(now: now)
      try advance(on)
    }
    throw VectorError.failed("\(what) did not come")
  }

  private mutating func reply(_ wanted: JSON, _ on: String) throws -> JSON {
    let asked = wanted["type"]?.string ?? ""
    let message = try self.await(on, wanted.text) { $0.next(asked) }
    if let how = message.envelope.difference(from: wanted) {
      throw VectorError.failed("\(how); it said \(message.envelope.text)")
    }
    if asked == "hello" { cursors[on] = message.envelope["payload"]?["cursor"]?.integer }
    return message.envelope
  }

  private mutating func acknowledged(_ wanted: Int64, _ on: String) throws {
    while true {
      let message = try self.await(on, "the acknowledgement of \(wanted)") { $0.next("ack") }
      guard message.type == "ack", let cursor = message.envelope["payload"]?["cursor"]?.integer, cursor <= wanted else {
        throw VectorError.failed("in place of the acknowledgement of \(wanted) it said \(message.envelope.text)")
      }
      if cursor == wanted { return }
    }
  }

  private mutating func close(_ wanted: JSON, _ on: String) throws {
    _ = try self.await(on, "a close as \(wanted.text)") { try $0.isClosed(as: wanted) ? true : nil }
  }

  private mutating func lives(_ on: String) throws {
    try say(#"{"type":"ping","payload":{"t":4242}}"#, on)
    _ = try reply(["type": "pong", "payload": ["t": 4242]], on)
  }
}
