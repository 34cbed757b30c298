import RemoteAgentCore

/// A device and a hub joined by a bad network in virtual time, all of it from one seed: latency, cuts (seen by both, by
/// one side or by none until its watchdog), commits that take their time, kills of the hub that lose what is not committed.
struct Simulation {
  struct Faults {
    var latency: ClosedRange<Milliseconds> = 1...80
    var commit: ClosedRange<Milliseconds> = 1...40
    /// Mean time between cuts and between kills of the hub; nil: none.
    var cutEvery: Milliseconds? = 2_500
    var killEvery: Milliseconds? = 2_000
    /// Faults end here, so that every run can end.
    var until: Milliseconds = 60_000
    var window = 16 << 10
    var bufferLimit = 8 << 10
    var tokenLife: Milliseconds = 900_000
  }

  enum Event {
    case connectEnds(connection: Int)
    case toHub(connection: Int, [UInt8])
    case toDevice(connection: Int, [UInt8])
    case deviceSeesClose(connection: Int, code: UInt16?)
    case hubSeesClose(connection: Int)
    case committed(connection: Int, HubBatch)
    case input
    case reader
    case control
    case resendControls
    case cut
    case kill
    case wake
  }

  /// What survives a kill of the hub.
  struct Store {
    var cursor: Int64 = 0
    var envelopes: [(seq: Int64, payload: [UInt8])] = []
    var controls: [(seq: Int64, payload: [UInt8])] = []
    var controlCursor: Int64 = 0
    var isEnded = false
  }

  private(set) var now: Milliseconds = 0
  private(set) var store = Store()
  private(set) var outcome: DeviceSession.Outcome?
  /// Payloads as they were taken in.
  private(set) var taken: [[UInt8]] = []
  /// Control lines as they were written.
  private(set) var written: [Int64] = []
  private(set) var connections = 0
  private(set) var kills = 0
  private(set) var renewals = 0
  private(set) var violations: [String] = []

  private var random: SeededRandom
  private let faults: Faults
  private var device: DeviceSession
  private var hub: HubSession?
  private var hubConnection = 0
  private var isUp = true
  /// When the last message in each direction arrives: a connection keeps its order.
  private var lastToHub: Milliseconds = 0
  private var lastToDevice: Milliseconds = 0
  private var lastCommit: Milliseconds = 0
  private var events: [(at: Milliseconds, order: Int, event: Event)] = []
  private var order = 0
  private var linesLeft: Int
  private var controlsLeft: Int
  private var readerIsStalled = false

  init(seed: UInt64, lines: Int, controls: Int, faults: Faults = Faults()) {
    random = SeededRandom(seed: seed)
    self.faults = faults
    linesLeft = lines
    controlsLeft = controls
    let session = SessionDescription(
      sessionId: "s", writer: String(repeating: "a", count: 32), control: true, title: "a simulation")
    var configuration = DeviceSession.Configuration(session: session, tool: "test", platform: "test")
    configuration.bufferLimit = faults.bufferLimit
    configuration.messageSize = 1024
    device = DeviceSession(configuration: configuration, random: SeededRandom(seed: seed ^ 0xFEED))
    schedule(.input, in: 0)
    schedule(.reader, in: 0)
    schedule(.control, in: 10)
    if let every = faults.cutEvery { schedule(.cut, in: spread(every)) }
    if let every = faults.killEvery { schedule(.kill, in: spread(every)) }
  }

  /// Runs to the device's end; false if that has not come after `limit` events.
  mutating func run(limit: Int = 2_000_000) -> Bool {
    device.start(now: now)
    drainDevice()
    for _ in 0..<limit {
      if outcome != nil { return true }
      step()
    }
    return false
  }

  private mutating func step() {
    let deadlines = [device.deadline, hub?.deadline].compactMap { $0 }
    let timer = deadlines.min().map { max($0, now) }
    let first = events.indices.min { (events[$0].at, events[$0].order) < (events[$1].at, events[$1].order) }
    if let first, timer.map({ events[first].at <= $0 }) ?? true {
      now = max(now, events[first].at)
      let event = events.remove(at: first).event
      handle(event)
    } else if let timer {
      now = timer
    } else {
      violations.append("nothing left to wait for")
      outcome = .gaveUp(.init(.protocolRefused, "stuck"))
      return
    }
    hub?.tick(now: now)
    drainHub()
    drainDevice()
  }

  private mutating func handle(_ event: Event) {
    switch event {
    case .connectEnds(let connection):
      guard isUp, connection == connections else { return }
      if Int.random(in: 0..<10, using: &random) == 0, now < faults.until {
        device.connectFailed(reason: "refused", retryAfter: nil, now: now)
      } else {
        var configuration = HubSession.Configuration(server: "test")
        configuration.window = faults.window
        hub = HubSession(configuration: configuration, clientId: "c", tokenLife: faults.tokenLife, now: now)
        hubConnection = connection
        (lastToHub, lastToDevice, lastCommit) = (now, now, now)
        device.connected(tokenLife: faults.tokenLife, now: now)
      }
    case .toHub(let connection, let message):
      guard connection == hubConnection else { return }
      hub?.receivedBytes(now: now)
      hub?.received(message, now: now)
    case .toDevice(let connection, let message):
      guard connection == connections else { return }
      device.receivedBytes(now: now)
      device.received(message, now: now)
    case .deviceSeesClose(let connection, let code):
      guard connection == connections else { return }
      device.connectionLost(code: code, reason: "cut", now: now)
    case .hubSeesClose(let connection):
      if connection == hubConnection { hub = nil }
    case .committed(let connection, let batch):
      commit(batch)
      if connection == hubConnection { hub?.committed(cursor: store.cursor, now: now) }
    case .input: takeInput()
    case .reader: readControls()
    case .control: queueControl()
    case .resendControls: sendControls()
    case .cut: cut()
    case .kill: kill()
    case .wake: break
    }
  }

  private mutating func commit(_ batch: HubBatch) {
    guard batch.firstSeq == store.cursor + 1 else {
      violations.append("batch \(batch.firstSeq) committed after \(store.cursor)")
      return
    }
    for line in batch.bytes.split(separator: 0x0A) {
      let envelope = line.withUnsafeBytes { try? Envelope(scanning: $0) }
      guard let envelope, case .number(let seq) = envelope.seq else {
        violations.append("a stored line is no envelope")
        continue
      }
      store.envelopes.append((seq, Array(Array(line)[envelope.payload])))
    }
    store.cursor = batch.lastSeq
    if batch.facts.contains(where: { if case .end = $0.status { true } else { false } }) { store.isEnded = true }
  }

  private mutating func takeInput() {
    var burst = Int.random(in: 1...40, using: &random)
    while burst > 0, linesLeft > 0, device.wantsInput {
      burst -= 1
      linesLeft -= 1
      let bytes = random.bytes(count: Int.random(in: 0...90, using: &random)).filter { $0 != 0x0A }
      let line = bytes.withUnsafeBytes { InputLine($0, piece: .whole, text: true, now: now) }
      taken.append(line.payload)
      device.took(line)
    }
    if linesLeft == 0 {
      device.took(InputLine.end(bytes: 0, lines: Int64(taken.count), isIncomplete: false, ts: now))
      device.inputEnded()
    } else {
      schedule(.input, in: Milliseconds.random(in: 0...200, using: &random))
    }
  }

  private mutating func readControls() {
    if Int.random(in: 0..<5, using: &random) == 0 { readerIsStalled.toggle() }
    if !readerIsStalled, let control = device.nextControl {
      written.append(control.seq)
      device.controlWritten()
    }
    schedule(.reader, in: Milliseconds.random(in: 1...100, using: &random))
  }

  private mutating func queueControl() {
    guard controlsLeft > 0, !store.isEnded else { return }
    if store.controls.count < 64 {
      controlsLeft -= 1
      let seq = (store.controls.last?.seq ?? store.controlCursor) + 1
      store.controls.append((seq, Array(#"{"action":"prompt","text":"\#(seq)"}"#.utf8)))
      sendControls()
    }
    schedule(.control, in: Milliseconds.random(in: 1...400, using: &random))
  }

  private mutating func sendControls() {
    let now = now
    for control in store.controls {
      control.payload.withUnsafeBytes {
        hub?.control(seq: control.seq, payload: $0, ttlMs: 1000, ts: now, now: now)
      }
    }
  }

  private mutating func cut() {
    guard now < faults.until, let every = faults.cutEvery else { return }
    switch Int.random(in: 0..<3, using: &random) {
    case 0:
      schedule(.deviceSeesClose(connection: connections, code: nil), in: 0)
      schedule(.hubSeesClose(connection: hubConnection), in: 0)
    case 1: schedule(.deviceSeesClose(connection: connections, code: nil), in: 0)
    default: break
    }
    dropInFlight()
    // Whatever is sent from now on goes nowhere: the watchdogs have to see it.
    isCut = true
    schedule(.cut, in: spread(every))
  }

  private var isCut = false

  private mutating func dropInFlight() {
    events.removeAll {
      switch $0.event {
      case .toHub, .toDevice: true
      default: false
      }
    }
  }

  private mutating func kill() {
    guard now < faults.until, let every = faults.killEvery else { return }
    kills += 1
    hub = nil
    dropInFlight()
    events.removeAll { if case .committed = $0.event { true } else { false } }
    schedule(.deviceSeesClose(connection: connections, code: nil), in: 1)
    schedule(.kill, in: spread(every))
  }

  private mutating func drainHub() {
    while let effect = hub?.nextEffect() {
      switch effect {
      case .open(_, let deviceControlCursor, _):
        // What the old connection handed out is committed first (fencing): those events stand before this one.
        let outstanding = events.contains { if case .committed = $0.event { true } else { false } }
        if outstanding { flushCommits() }
        acknowledgeControls(through: deviceControlCursor)
        store.controlCursor = max(store.controlCursor, deviceControlCursor)
        hub?.opened(
          id: "h", url: nil, cursor: store.cursor, controlCursor: store.controlCursor,
          controlsGiven: store.controls.last?.seq, isEnded: store.isEnded, now: now)
        // The store takes its time; the device may acknowledge meanwhile what an older connection had brought.
        schedule(.resendControls, in: Milliseconds.random(in: 0...400, using: &random))
      case .store(let batch):
        lastCommit = max(lastCommit, now + Milliseconds.random(in: faults.commit, using: &random))
        schedule(.committed(connection: hubConnection, batch), at: lastCommit)
      case .authenticate:
        let (life, now) = (faults.tokenLife, now)
        hub?.authenticated(tokenLife: life, expiresAt: 0, now: now)
      case .controlsAcknowledged(let cursor): acknowledgeControls(through: cursor)
      case .quotaReached: break
      case .send(let message):
        guard !isCut else { continue }
        lastToDevice = max(lastToDevice, now + latency())
        schedule(.toDevice(connection: hubConnection, message), at: lastToDevice)
      case .close(let code, _):
        // A half-open connection is found by the hub's watchdog; any other close would be a mistake of one of the two.
        if code != CloseCode.heartbeat { violations.append("the hub closed with \(code)") }
        schedule(.deviceSeesClose(connection: hubConnection, code: code), in: latency())
      }
    }
  }

  private mutating func flushCommits() {
    let outstanding = events.filter { if case .committed = $0.event { true } else { false } }
      .sorted { ($0.at, $0.order) < ($1.at, $1.order) }
    events.removeAll { if case .committed = $0.event { true } else { false } }
    for entry in outstanding {
      if case .committed(_, let batch) = entry.event { commit(batch) }
    }
  }

  private mutating func acknowledgeControls(through cursor: Int64) {
    store.controls.removeAll { $0.seq <= cursor }
    store.controlCursor = max(store.controlCursor, cursor)
  }

  private mutating func drainDevice() {
    while let action = device.nextAction(now: now, canSend: true) {
      switch action {
      case .connect:
        connections += 1
        isCut = false
        schedule(.connectEnds(connection: connections), in: latency())
      case .send(let message):
        guard !isCut else { continue }
        lastToHub = max(lastToHub, now + latency())
        schedule(.toHub(connection: connections, message), at: lastToHub)
      case .renewToken:
        renewals += 1
        device.renewed(token: "t", proof: "p")
      case .prove: device.renewed(token: "t", proof: "p")
      case .close(let code, _):
        guard !isCut else { continue }
        schedule(.hubSeesClose(connection: connections), in: latency())
        schedule(.deviceSeesClose(connection: connections, code: code), in: 2 * faults.latency.upperBound)
      case .abandon: break
      case .opened, .reopened, .numbered: break
      case .disconnected: break
      case .finished(let outcome): self.outcome = outcome
      }
    }
  }

  private mutating func latency() -> Milliseconds { Milliseconds.random(in: faults.latency, using: &random) }

  private mutating func spread(_ mean: Milliseconds) -> Milliseconds {
    Milliseconds.random(in: 1...(2 * mean), using: &random)
  }

  private mutating func schedule(_ event: Event, in delay: Milliseconds) { schedule(event, at: now + delay) }

  private mutating func schedule(_ event: Event, at time: Milliseconds) {
    order += 1
    events.append((time, order, event))
  }
}
