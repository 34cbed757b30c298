import RemoteAgentCore

/// A hub and its store. What it does around `HubSession` is what ra-hub's StreamHandler, SessionGate and SessionRegistry do.
final class SimulatedHub {
  private final class Connection {
    let number: Int
    var session: HubSession
    var commits = CommitQueue()
    var controls = ControlFeed()
    var inbox: [SimulatedNetwork.Item] = []
    var isOpen = false
    var isGone = false
    /// Who waits until nothing of it waits to be stored.
    var drained: [Simulation.Work] = []

    init(number: Int, session: HubSession) {
      self.number = number
      self.session = session
    }
  }

  private let settings: Schedule.Settings
  private(set) var store = SimulatedStore()
  private var oldStore: SimulatedStore?
  private(set) var isUp = true
  /// Counted up by each kill: what an earlier process had under way doesn't happen.
  private var life = 0
  let postponed = Postponed()
  var failsUntil: Milliseconds = 0
  /// In the order of their numbers.
  private var connections: [Connection] = []
  /// The session's own.
  private var live: Connection?
  /// Who opens the session, and who waits for that.
  private var gate: [Simulation.Work] = []
  private var controlsLeft: Int

  init(settings: Schedule.Settings) {
    self.settings = settings
    controlsLeft = settings.controls
  }

  var deadline: Milliseconds? {
    connections.compactMap { $0.isGone ? nil : $0.session.deadline }.min().map { max($0, postponed.until) }
  }

  // MARK: The process

  func kill(away: Milliseconds, _ simulation: Simulation) {
    life += 1
    isUp = false
    postponed.clear()
    connections = []
    live = nil
    gate = []
    simulation.network.cut(simulation)
    let (life, number) = (life, simulation.network.connection)
    // The kernel tells the device of it.
    simulation.after(simulation.network.latency(simulation)) {
      $0.device.lost(number, code: nil, reason: "reset", $0)
    }
    simulation.after(away) { if $0.hub.life == life { $0.hub.isUp = true } }
  }

  func copy() { oldStore = store }

  /// The store is what it was at the last copy; at the beginning if there is none.
  func rollBack(_ simulation: Simulation) {
    store = oldStore ?? SimulatedStore()
    simulation.judge.hubForgot(simulation)
  }

  /// Runs something when a process of this life goes on, if it does.
  private func later(_ delay: Milliseconds, _ simulation: Simulation, _ work: @escaping Simulation.Work) {
    let life = life
    simulation.after(delay) {
      guard self.life == life else { return }
      self.postponed.run($0) { if self.life == life { work($0) } }
    }
  }

  // MARK: Connections

  func accept(_ number: Int, _ simulation: Simulation) {
    var configuration = HubSession.Configuration(server: "hub")
    configuration.window = settings.window
    let session = HubSession(
      configuration: configuration, clientId: "c", tokenLife: settings.tokenLife, now: simulation.now)
    connections.append(Connection(number: number, session: session))
  }

  func received(_ item: SimulatedNetwork.Item, _ number: Int, _ simulation: Simulation) {
    connections.first { $0.number == number }?.inbox.append(item)
  }

  /// The connection's end was seen.
  func lost(_ number: Int, _ simulation: Simulation) {
    guard let connection = connections.first(where: { $0.number == number }) else { return }
    end(connection, simulation)
  }

  private func end(_ connection: Connection, _ simulation: Simulation) {
    connection.isGone = true
    connection.session.failed()
    settle(connection, simulation)
  }

  func drive(_ simulation: Simulation) {
    guard isUp, !postponed.isStopped(simulation.now) else { return }
    for connection in connections { drive(connection, simulation) }
  }

  private func drive(_ connection: Connection, _ simulation: Simulation) {
    if !connection.isGone { connection.session.tick(now: simulation.now) }
    repeat {
      while let effect = connection.session.nextEffect() { apply(effect, connection, simulation) }
      commitNext(connection, simulation)
    } while !connection.isGone && takeInput(connection, simulation)
  }

  private func takeInput(_ connection: Connection, _ simulation: Simulation) -> Bool {
    guard connection.session.wantsInput, !connection.inbox.isEmpty else { return false }
    switch connection.inbox.removeFirst() {
    case .message(let message):
      connection.session.receivedBytes(now: simulation.now)
      connection.session.received(message, now: simulation.now)
    case .close(let code, _):
      simulation.network.toDevice(.close(code, ""), connection.number, simulation)
      end(connection, simulation)
    }
    return true
  }

  private func apply(_ effect: HubSession.Effect, _ connection: Connection, _ simulation: Simulation) {
    switch effect {
    case .open(_, let deviceControlCursor, _): open(connection, deviceControlCursor, simulation)
    case .openChannel, .note: preconditionFailure("the simulated device has sessions only")
    case .store(let batch): connection.commits.append(batch)
    case .authenticate:
      later(simulation.random(1...50), simulation) {
        connection.session.authenticated(tokenLife: $0.schedule.settings.tokenLife, expiresAt: 0, now: $0.now)
      }
    case .controlsAcknowledged(let cursor):
      connection.controls.acknowledged(through: cursor)
      storeAcknowledgement(connection, simulation)
    case .quotaReached: break
    case .send(let message):
      simulation.judge.hubSends(message, store: store, simulation)
      if !connection.isGone { simulation.network.toDevice(.message(message), connection.number, simulation) }
    case .close(let code, let reason):
      simulation.tell("hub closes \(connection.number) with \(code)")
      simulation.judge.hubCloses(code, simulation)
      if !connection.isGone { simulation.network.toDevice(.close(code, reason), connection.number, simulation) }
      end(connection, simulation)
    }
  }

  // MARK: The store

  private func open(_ connection: Connection, _ deviceControlCursor: Int64, _ simulation: Simulation) {
    let isFree = gate.isEmpty
    gate.append { simulation in
      simulation.hub.later(simulation.random(simulation.schedule.settings.commit), simulation) { simulation in
        let hub = simulation.hub
        let finish: Simulation.Work = {
          $0.hub.finishOpening(connection, deviceControlCursor, $0)
          $0.hub.gate.removeFirst()
          $0.hub.gate.first?($0)
        }
        let old = hub.live
        hub.live = connection
        guard let old, old !== connection else { return finish(simulation) }
        // What the old one handed out is committed first (fencing).
        old.session.superseded()
        old.drained.append(finish)
        hub.settle(old, simulation)
      }
    }
    if isFree { gate.first?(simulation) }
  }

  private func finishOpening(_ connection: Connection, _ deviceControlCursor: Int64, _ simulation: Simulation) {
    guard !isFailing(simulation) else { return connection.session.storeFailed("the disk is full", retryAfter: 1_000) }
    store.acknowledge(through: deviceControlCursor, now: simulation.now, isHello: true)
    connection.isOpen = true
    connection.controls.opened(controlCursor: store.controlCursor)
    simulation.tell("hub opens \(connection.number) at \(store.cursor)")
    connection.session.opened(
      id: "h", url: nil, cursor: store.cursor, controlCursor: store.controlCursor, controlsGiven: store.lastControl,
      isEnded: store.isEnded, now: simulation.now)
    sendControls(connection, simulation)
  }

  private func isFailing(_ simulation: Simulation) -> Bool { failsUntil > simulation.now }

  private func commitNext(_ connection: Connection, _ simulation: Simulation) {
    guard connection.isOpen, let (batch, count) = connection.commits.next() else { return }
    let time = simulation.random(settings.commit)
    // It is durable some time before anybody knows.
    let durable = simulation.random(0...time)
    later(durable, simulation) {
      let hub = $0.hub
      let cursor = hub.isFailing($0) ? nil : hub.store.commit(batch)
      hub.later(time - durable, $0) { $0.hub.committed(batch, count, cursor: cursor, connection, $0) }
    }
  }

  private func committed(
    _ batch: HubBatch, _ count: Int, cursor: Int64?, _ connection: Connection, _ simulation: Simulation
  ) {
    connection.commits.finished()
    if let cursor, cursor >= batch.lastSeq {
      for _ in 0..<count { connection.session.committed(cursor: cursor, now: simulation.now) }
    } else {
      if cursor != nil { simulation.violate("batch \(batch.firstSeq) does not continue \(store.cursor)") }
      connection.commits.drop()
      connection.session.storeFailed("the disk is full", retryAfter: 1_000)
    }
    drive(connection, simulation)
    settle(connection, simulation)
  }

  private func settle(_ connection: Connection, _ simulation: Simulation) {
    drive(connection, simulation)
    guard connection.commits.isIdle else { return }
    let waiting = connection.drained
    connection.drained = []
    for work in waiting { work(simulation) }
    guard connection.isGone else { return }
    connections.removeAll { $0 === connection }
    if live === connection { live = nil }
  }

  // MARK: Controls

  /// People send controls, now and then.
  func queueControls(_ simulation: Simulation) {
    guard controlsLeft > 0, !store.isEnded else { return }
    if isUp, !postponed.isStopped(simulation.now), !isFailing(simulation) {
      let name = "control \(settings.controls - controlsLeft)"
      if let seq = store.enqueue(name, life: settings.controlLife, now: simulation.now) {
        controlsLeft -= 1
        simulation.tell("\(name) is accepted as \(seq)")
        if let live { sendControls(live, simulation) }
      }
    }
    simulation.after(simulation.random(1...400)) { $0.hub.queueControls($0) }
  }

  private func sendControls(_ connection: Connection, _ simulation: Simulation) {
    guard connection.isOpen, !connection.isGone, connection.controls.startFetch() else { return }
    later(simulation.random(settings.commit), simulation) { simulation in
      let now = simulation.now
      let sent = self.isFailing(simulation) ? [] : self.store.send(after: connection.controls.sent, now: now)
      for control in sent {
        simulation.tell("control \(control.seq) is sent")
        connection.controls.handedOver(through: control.seq)
        control.payload.withUnsafeBytes {
          connection.session.control(
            seq: control.seq, payload: $0, ttlMs: control.expiresAt - now, ts: now, now: now)
        }
      }
      if connection.controls.fetched() { self.sendControls(connection, simulation) }
    }
  }

  private func storeAcknowledgement(_ connection: Connection, _ simulation: Simulation) {
    guard connection.isOpen, let cursor = connection.controls.startAcknowledgement() else { return }
    later(simulation.random(settings.commit), simulation) {
      $0.tell("control \(cursor) is acknowledged")
      if !self.isFailing($0) { self.store.acknowledge(through: cursor, now: $0.now) }
      connection.controls.acknowledgementStored()
      self.storeAcknowledgement(connection, $0)
    }
  }
}
