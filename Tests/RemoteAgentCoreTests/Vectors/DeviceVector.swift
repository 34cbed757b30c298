import RemoteAgentCore

/// Plays a vector whose role is the device to `InputFramer` and `DeviceSession`, with a WebSocket before them.
struct DeviceVector {
  private let vector: Vector
  private let names = Placeholders()
  private var now: Milliseconds = 1_000
  private var session: DeviceSession
  private var framer = InputFramer(text: false)
  private var wire = VectorWire(testedRole: .client)
  private var isConnected = false
  private var wantsConnection = false
  private var lostAt: Milliseconds = 0
  private var outcome: DeviceSession.Outcome?
  private var bytes: Int64 = 0
  private var lines: Int64 = 0
  private var isInputEnded = false
  /// The highest number that came on this connection, and the end's.
  private var highest: Int64?
  private var end: Int64?

  init(_ vector: Vector) {
    self.vector = vector
    let description = SessionDescription(sessionId: "s", writer: names.fill("${writer}"), control: true)
    var configuration = DeviceSession.Configuration(session: description, tool: "ra-tunnel/0", platform: "test")
    configuration.clientId = names.fill("${client}")
    session = DeviceSession(configuration: configuration, random: Lowest())
  }

  mutating func play() throws {
    session.start(now: now)
    try advance()
    for step in vector.steps { try self.step(step) }
    let status = vector.outcome["exit"]?.integer
    if vector.outcome["device"]?.string == "delivers" {
      try finish()
    } else if vector.outcome["close"] != nil {
      try close(vector.outcome)
    }
    try advance()
    let came: Int64? =
      switch outcome {
      case .delivered: 0
      case .gaveUp(let refusal): refusal.kind == .notPaired ? 77 : 76
      case nil: nil
      }
    guard came == status else {
      throw VectorError.failed("it came to \(String(describing: outcome)), not to status \(status ?? -1)")
    }
  }

  private mutating func step(_ step: Vector.Step) throws {
    switch step.verb {
    case "input": feed(try names.bytes(step.value))
    case "inputEnd": endInput()
    case "accept": try accept(step)
    case "greet": wire.say(greeting(step.value))
    case "send": wire.say(try names.bytes(step.value))
    case "wire": wire.put(try names.bytes(step.value))
    case "acknowledge": wire.say(Array(#"{"type":"ack","payload":{"cursor":\#(step.value.integer ?? 0)}}"#.utf8))
    case "reply": try reply(names.fill(step.value))
    case "pong":
      try advance()
      let payload = try names.bytes(step.value)
      guard wire.pong() == payload else { throw VectorError.failed("no such pong") }
    case "envelopes": for envelope in step.value.array ?? [] { try numbered(envelope) }
    case "output":
      try advance()
      let line = try names.bytes(step.value)
      guard let next = session.nextControl, next.line == line else {
        throw VectorError.failed(
          "its next control is \(session.nextControl.map { String(decoding: $0.line, as: UTF8.self) } ?? "none")")
      }
      session.controlWritten()
    case "closed":
      try close(step.value)
      if isConnected { lose(code: step.value["close"]?.integer.map { UInt16($0) }) }
    case "refuse": try refuse(step.value)
    case "cut": lose(code: nil)
    case "answer": throw VectorError.notPlayed("HTTP")
    case "silent": break
    default: throw VectorError.failed("there is no step \(step.verb)")
    }
    try advance()
  }

  private mutating func feed(_ data: [UInt8]) {
    bytes += Int64(data.count)
    var taken: [InputLine] = []
    data.withUnsafeBytes { framer.feed($0, now: 7) { taken.append($0) } }
    take(taken)
  }

  private mutating func endInput() {
    var taken: [InputLine] = []
    framer.finish(now: 7) { taken.append($0) }
    take(taken)
    isInputEnded = true
    session.took(InputLine.end(bytes: bytes, lines: lines, isIncomplete: false, ts: 9))
    session.inputEnded()
  }

  private mutating func take(_ taken: [InputLine]) {
    for line in taken {
      if line.endsLine { lines += 1 }
      session.took(line)
    }
  }

  /// Does what is to be done now.
  private mutating func advance() throws {
    repeat {
      while let action = session.nextAction(now: now, canSend: true) { perform(action) }
    } while try receive()
    try wire.carry()
  }

  private mutating func perform(_ action: DeviceSession.Action) {
    switch action {
    case .connect: wantsConnection = true
    case .send(let message): _ = wire.tested.sendText(message)
    case .close(let code, let reason): _ = wire.tested.sendClose(code: code, reason: reason)
    case .renewToken, .prove: session.renewed(token: "t", proof: "p")
    case .abandon, .disconnected: isConnected = false
    case .finished(let outcome): self.outcome = outcome
    case .numbered, .opened, .reopened: break
    }
  }

  /// Hands over what came from the hub; true if something did.
  private mutating func receive() throws -> Bool {
    guard isConnected, let event = wire.tested.nextEvent() else { return false }
    session.receivedBytes(now: now)
    switch event {
    case .text(let message): session.received(message, now: now)
    case .binary: throw VectorError.notPlayed("that only text is taken is the driver's to see")
    case .ping, .pong: break
    case .closed(let code, _): lose(code: code)
    case .failed(let code, _): lose(code: code)
    }
    return true
  }

  private mutating func lose(code: UInt16?) {
    isConnected = false
    lostAt = now
    session.connectionLost(code: code, reason: "lost", now: now)
  }

  private mutating func refuse(_ how: JSON) throws {
    if let error = how["error"]?.string { wire.say(Array(error.utf8)) }
    guard let number = how["close"] else {
      try advance()
      return lose(code: nil)
    }
    // By hand: the engine would not send each of them.
    let payload = number.integer.map { [UInt8($0 >> 8), UInt8($0 & 0xFF)] } ?? []
    wire.put([0x88, UInt8(payload.count)] + payload)
  }

  private func greeting(_ changes: JSON) -> [UInt8] {
    let hello: JSON = [
      "protocol": 1, "server": "vectors/1", "session": ["id": "vector", "url": "https://hub.example/sessions/vector"],
      "cursor": 0, "controlCursor": 0, "heartbeat": ["interval": 12_000, "timeout": 30_000],
      "limits": ["message": 1_048_576, "window": 8_388_608],
    ]
    let kept = (hello.members ?? []).filter { changes[$0.name] == nil }
    let changed = (changes.members ?? []).filter { $0.value != .null }
    let envelope: JSON = ["type": "hello", "payload": .object(kept + changed)]
    return envelope.serialized()
  }
}

// MARK: - What is to come

extension DeviceVector {
  /// Lets time pass until what is due next, so often that a ping and a watchdog have their turn.
  private mutating func await<Value>(_ what: String, _ look: (inout DeviceVector) throws -> Value?) throws -> Value {
    for _ in 0..<8 {
      try advance()
      if let found = try look(&self) { return found }
      guard let due = session.deadline else { break }
      now = max(now, due)
    }
    throw VectorError.failed("\(what) did not come; \(String(describing: outcome))")
  }

  private mutating func accept(_ step: Vector.Step) throws {
    _ = try self.await("another connection") { $0.wantsConnection ? true : nil }
    wantsConnection = false
    if let least = step.all["notBefore"]?.integer, lostAt > 0 || vector.steps.first?.verb != "answer" {
      guard now - lostAt >= least else { throw VectorError.failed("it came again after \(now - lostAt) ms") }
    }
    wire = VectorWire(testedRole: .client)
    isConnected = true
    highest = nil
    end = nil
    session.connected(tokenLife: (vector.tokenLife ?? 900) * 1000, now: now)
    var wanted: JSON = ["type": "hello", "sessionId": "s", "payload": ["protocol": 1]]
    let hello = try self.await("its hello") { $0.wire.next("") }
    for _ in 0..<2 {
      if let how = hello.envelope.difference(from: wanted) { throw VectorError.failed("its hello: \(how)") }
      if step.value.members != nil { wanted = names.fill(step.value) }
    }
  }

  private mutating func reply(_ wanted: JSON) throws {
    let asked = wanted["type"]?.string ?? ""
    let message = try self.await(wanted.text) { $0.wire.next(asked) }
    if let how = message.envelope.difference(from: wanted) {
      throw VectorError.failed("\(how); it said \(message.envelope.text)")
    }
  }

  private mutating func numbered(_ wanted: JSON) throws {
    let message = try self.await(wanted.text) { $0.wire.next("") }
    note(message)
    let payload = try names.bytes(wanted["payload"] ?? .null)
    guard message.envelope["type"] == wanted["type"], message.envelope["seq"] == wanted["seq"],
      message.payload == payload
    else {
      throw VectorError.failed(
        "it sent \(message.envelope.text.prefix(80)) \(String(decoding: message.payload.prefix(200), as: UTF8.self)), not \(wanted.text.prefix(300))"
      )
    }
  }

  private mutating func note(_ message: VectorWire.Message) {
    highest = message.envelope["seq"]?.integer ?? highest
    if message.payload.starts(with: #"{"state":"end""#.utf8) { end = highest }
  }

  private mutating func close(_ wanted: JSON) throws {
    _ = try self.await("a close as \(wanted.text)") { try $0.wire.isClosed(as: wanted) ? true : nil }
  }

  /// Acknowledges all up to the session's end, after which the device closes with 1000.
  private mutating func finish() throws {
    if !isInputEnded { endInput() }
    while end == nil {
      acknowledge()
      let message = try self.await("the end of the session") { player -> VectorWire.Message?? in
        if let message = player.wire.next("") { return .some(message) }
        // The hub's hello had told that it has the end.
        return player.wire.closed == nil ? nil : .some(nil)
      }
      guard let message else { break }
      note(message)
    }
    acknowledge()
    try close(["close": 1000])
    lose(code: 1000)
  }

  private mutating func acknowledge() {
    if let highest { wire.say(Array(#"{"type":"ack","payload":{"cursor":\#(highest)}}"#.utf8)) }
  }
}
