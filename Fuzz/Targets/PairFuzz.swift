import RemoteAgentCore

/// A device and a hub joined, with the input in the place of the network, the store's disk and whoever kills: whatever
/// happens, each line is stored once, in order, byte for byte, and each control is written once.
struct PairFuzz {
  static func run(_ input: UnsafeRawBufferPointer) {
    var fuzz = PairFuzz(Choices(input))
    fuzz.play()
  }

  private var choices: Choices
  private var now: Milliseconds = 1_000
  private var device: DeviceSession
  private var hub: HubSession?
  private let window: Int
  /// Whether the device waits for a connection; and one that is open at the hub's end, at the device's.
  private var isConnecting = false
  private var isUp = false
  private var toHub: [[UInt8]] = []
  private var toDevice: [[UInt8]] = []
  private var deviceHasClosed = false
  private var hubHasClosed: UInt16?

  // The store, and what waits to be put there: it is lost when the hub is killed.
  private var stored: [(seq: Int64, payload: [UInt8])] = []
  private var cursor: Int64 = 0
  private var isEnded = false
  private var batches: [(HubBatch, isOfThis: Bool)] = []
  private var isOpening: Int64?
  private var controls: [Int64] = []
  private var controlCursor: Int64 = 0
  private var controlsGiven: Int64 = 0

  private var taken: [[UInt8]] = []
  private var hasEnded = false
  private var written: [Int64] = []
  private var outcome: DeviceSession.Outcome?

  private init(_ choices: Choices) {
    self.choices = choices
    let description = SessionDescription(sessionId: "s", writer: String(repeating: "a", count: 32), control: true)
    var configuration = DeviceSession.Configuration(session: description, tool: "t", platform: "p")
    configuration.bufferLimit = 1 + 100 * self.choices.number(below: 64)
    configuration.messageSize = 1 + 10 * self.choices.number(below: 64)
    window = 1 << self.choices.number(below: 14)
    device = DeviceSession(configuration: configuration, random: Drawn(UInt64(self.choices.byte())))
  }

  private mutating func play() {
    device.start(now: now)
    drain()
    var steps = 0
    while !choices.isEmpty, steps < 4_000, outcome == nil {
      steps += 1
      step()
      drain()
    }
    // From here on the network is good, and all of it must arrive.
    end()
    for _ in 0..<4_000 where outcome == nil {
      pass()
      hub?.tick(now: now)
      settle()
      drain()
    }
    hold(
      outcome == .delivered,
      "the end is \(outcome.map { "\($0)" } ?? "never"), with \(device.unacknowledgedCount) lines to go")
    hold(stored.map(\.seq) == Array(1...Int64(taken.count)), "numbers are missing or stand twice: \(stored.map(\.seq))")
    hold(stored.map(\.payload) == taken, "what is stored is not what was taken in")
    hold(written == Array(Set(written)).sorted(), "controls out of order or twice: \(written)")
  }

  /// Where nothing else goes on, time does.
  private mutating func pass() {
    guard !isConnecting, toHub.isEmpty, toDevice.isEmpty, batches.isEmpty else { return }
    now = max(now, [device.deadline, hub?.deadline].compactMap { $0 }.min() ?? now)
  }

  /// All that can go on goes on.
  private mutating func settle() {
    if isConnecting { connect() }
    open()
    while !batches.isEmpty { commit() }
    deliver(toHub: toHub.count)
    deliver(toDevice: toDevice.count)
    write()
    if hubHasClosed != nil || deviceHasClosed { close(code: hubHasClosed ?? 1000) }
  }

  // MARK: Steps

  private mutating func step() {
    switch choices.number(below: 20) {
    case 0, 1, 2: take(1 + choices.number(below: 6))
    case 3: if choices.number(below: 8) == 0 { end() }
    case 4, 5: connect()
    case 6, 7: deliver(toHub: 1 + choices.number(below: 4))
    case 8, 9: deliver(toDevice: 1 + choices.number(below: 4))
    case 10, 11: commit()
    case 12: open()
    case 13: cut()
    case 14: kill()
    case 15: now += Int64(choices.number(below: 12_000))
    case 16: if let deadline = device.deadline { now = max(now, deadline) }
    case 17: control()
    case 18: write()
    default: if hubHasClosed != nil || deviceHasClosed { close(code: hubHasClosed ?? 1000) }
    }
    hub?.tick(now: now)
  }

  private mutating func take(_ count: Int) {
    for _ in 0..<count {
      guard !hasEnded, device.wantsInput else { return }
      let payload = Array(
        "{\"n\":\(taken.count),\"x\":\"\(String(repeating: "x", count: choices.number(below: 90)))\"}".utf8)
      taken.append(payload)
      device.took(InputLine(type: .log, ts: now, payload: payload))
    }
  }

  private mutating func end() {
    guard !hasEnded else { return }
    hasEnded = true
    let end = InputLine.end(bytes: 0, lines: Int64(taken.count), isIncomplete: false, ts: now)
    taken.append(end.payload)
    device.took(end)
    device.inputEnded()
  }

  private mutating func connect() {
    guard isConnecting else { return }
    isConnecting = false
    if choices.number(below: 8) == 1 { return device.connectFailed(reason: "no", retryAfter: nil, now: now) }
    var configuration = HubSession.Configuration(server: "h")
    configuration.window = window
    hub = HubSession(configuration: configuration, clientId: "c", tokenLife: 1 << 40, now: now)
    batches = batches.map { ($0.0, false) }
    (isUp, deviceHasClosed, hubHasClosed, isOpening, toHub, toDevice) = (true, false, nil, nil, [], [])
    device.connected(tokenLife: 1 << 40, now: now)
  }

  private mutating func deliver(toHub count: Int) {
    for _ in 0..<count where hub != nil && !toHub.isEmpty && hub?.wantsInput == true {
      hub?.receivedBytes(now: now)
      hub?.received(toHub.removeFirst(), now: now)
      drainHub()
    }
  }

  private mutating func deliver(toDevice count: Int) {
    for _ in 0..<count where isUp && !toDevice.isEmpty {
      device.receivedBytes(now: now)
      device.received(toDevice.removeFirst(), now: now)
    }
  }

  /// The oldest batch is durable.
  private mutating func commit() {
    guard !batches.isEmpty else { return }
    let (batch, isOfThis) = batches.removeFirst()
    hold(batch.firstSeq == cursor + 1, "batch \(batch.firstSeq) after \(cursor)")
    for part in batch.bytes.split(separator: 0x0A) {
      let line = Array(part)
      guard let envelope = try? line.withUnsafeBytes({ try Envelope(scanning: $0) }),
        case .number(let seq) = envelope.seq
      else { fatalError("a stored line that is no envelope") }
      stored.append((seq, Array(line[envelope.payload])))
    }
    cursor = batch.lastSeq
    if batch.facts.contains(where: { if case .end = $0.status { true } else { false } }) { isEnded = true }
    if isOfThis { hub?.committed(cursor: cursor, now: now) }
    drainHub()
  }

  /// The store opens the session, after all that older connections brought is committed (PROTOCOL section 4, fencing).
  private mutating func open() {
    guard let deviceControlCursor = isOpening, hub != nil else { return }
    while let oldest = batches.first, !oldest.isOfThis { commit() }
    isOpening = nil
    controls.removeAll { $0 <= deviceControlCursor }
    controlCursor = max(controlCursor, deviceControlCursor)
    hub?.opened(
      id: "h", url: nil, cursor: cursor, controlCursor: controlCursor, controlsGiven: controlsGiven, isEnded: isEnded,
      now: now)
    sendControls()
  }

  private mutating func control() {
    guard controls.count < ControlQueue.maximumCount, !isEnded else { return }
    controlsGiven += 1
    controls.append(controlsGiven)
    sendControls()
  }

  private mutating func sendControls() {
    let now = now
    Array(#"{"action":"stop"}"#.utf8).withUnsafeBytes { payload in
      for seq in controls { hub?.control(seq: seq, payload: payload, ttlMs: 1_000, ts: now, now: now) }
    }
    drainHub()
  }

  private mutating func write() {
    guard let control = device.nextControl else { return }
    written.append(control.seq)
    device.controlWritten()
  }

  /// The connection is gone: both see it, or the device alone, and the hub goes on with what is on its way.
  private mutating func cut() {
    guard isUp else { return }
    let isSeenByHub = choices.bool()
    lose(code: nil)
    if isSeenByHub { (hub, toHub) = (nil, []) }
  }

  private mutating func lose(code: UInt16?) {
    guard isUp else { return }
    (isUp, toDevice) = (false, [])
    device.connectionLost(code: code, reason: "lost", now: now)
  }

  private mutating func kill() {
    (hub, batches, toHub, isOpening) = (nil, [], [], nil)
    lose(code: nil)
  }

  private mutating func close(code: UInt16) {
    // What the hub said before its close arrives before it.
    deliver(toDevice: toDevice.count)
    drain()
    if hubHasClosed != nil || toHub.isEmpty {
      (hub, toHub) = (nil, [])
      lose(code: code)
      (deviceHasClosed, hubHasClosed) = (false, nil)
    }
  }

  // MARK: What they do

  private mutating func drain() {
    drainHub()
    while let action = device.nextAction(now: now, canSend: true) {
      switch action {
      case .connect: isConnecting = true
      case .send(let message): if isUp { toHub.append(message) }
      case .close: deviceHasClosed = true
      case .abandon: (isUp, toDevice) = (false, [])
      case .finished(let outcome): self.outcome = outcome
      case .renewToken, .prove, .numbered, .opened, .reopened, .disconnected: break
      }
    }
  }

  private mutating func drainHub() {
    while let effect = hub?.nextEffect() {
      switch effect {
      case .open(_, let deviceControlCursor, _): isOpening = deviceControlCursor
      case .store(let batch): batches.append((batch, true))
      case .controlsAcknowledged(let through):
        controls.removeAll { $0 <= through }
        controlCursor = max(controlCursor, through)
      case .send(let message): if isUp { toDevice.append(message) }
      case .close(let code, _):
        // Silence is a close that may be; any other is a mistake of one of the two.
        hold(
          [CloseCode.heartbeat].contains(code),
          "the hub closed with \(code): \(toDevice.last.map { String(decoding: $0, as: UTF8.self) } ?? "")")
        hubHasClosed = code
      case .authenticate, .quotaReached, .openChannel, .note: fatalError("\(effect) of nobody")
      }
    }
  }
}
