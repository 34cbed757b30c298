import RemoteAgentClient
import RemoteAgentCore
import RemoteAgentProcess
import SeededRandom

/// A device: ra-tunnel's process, killed and started again, its spool on the disk, its input, and ra-spawn behind its output.
/// What it does around `SpooledSession` is what `Tunnel` does.
final class SimulatedDevice {
  private final class Process {
    var delivery: SpooledSession
    var framer: InputFramer
    let reads: Bool
    /// Where the next byte is read.
    var offset: Int
    var bytes: Int64 = 0
    var lines: Int64 = 0
    var inputHasEnded = false
    /// Lines that were read and may wait for room in the spool.
    var pending: [InputLine] = []
    /// The connection that it has, or tries to make.
    var connection = 0
    var isOpen = false

    init(delivery: SpooledSession, framer: InputFramer, reads: Bool, offset: Int) {
      self.delivery = delivery
      self.framer = framer
      self.reads = reads
      self.offset = offset
    }
  }

  private static let description = SessionDescription(
    sessionId: "s", writer: String(repeating: "a", count: 32), control: true)

  private let settings: Schedule.Settings
  private let seed: UInt64
  private var process: Process?
  /// Counted up by each start and end.
  private var life = 0
  private var starts = 0
  let postponed = Postponed()
  var readerStalledUntil: Milliseconds = 0
  let disk = SimulatedFolder()
  private var oldSpool: SimulatedFolder.Copy?
  let source: InputSource
  private var agent: SpawnSession
  /// Lines before this position the newest process has let go of.
  private(set) var releasedPosition: Int64 = 0
  /// Whether a process ever ended by itself with everything delivered.
  private(set) var isDelivered = false

  init(settings: Schedule.Settings, seed: UInt64) {
    self.settings = settings
    self.seed = seed
    source = InputSource(settings: settings, seed: seed)
    var spawning = SpawnSettings(agent: "agent")
    spawning.hasControl = true
    agent = SpawnSession(spawning, resolveFolder: { $0 }, makeUUID: { "" })
    agent.begin(at: Moment(now: 0, wall: 0))
    agent.agentStarted(processID: 1, at: Moment(now: 0, wall: 0))
    _ = agent.takeOutput()
  }

  var state: String {
    guard let process else { return "the device is away" }
    let session = process.delivery.session
    return "\(session.unacknowledgedCount) lines wait, input ended: \(process.inputHasEnded), spool \(disk.size) bytes"
  }

  var deadline: Milliseconds? {
    guard let process else { return nil }
    return [process.delivery.session.deadline, process.delivery.retryAt].compactMap { $0 }.min()
      .map { max($0, postponed.until) }
  }

  /// Runs something when the process of this life goes on, if it does.
  private func later(
    _ delay: Milliseconds, _ simulation: Simulation, _ work: @escaping (Process, Simulation) -> Void
  ) {
    let life = life
    simulation.after(delay) {
      guard self.life == life else { return }
      self.postponed.run($0) {
        if self.life == life, let process = self.process { work(process, $0) }
      }
    }
  }

  // MARK: The process

  func start(_ simulation: Simulation) {
    life += 1
    starts += 1
    var spool: Spool?
    if let spooling = settings.spool {
      var options = Spool.Options()
      (options.syncs, options.limit) = (spooling.syncs, spooling.limit)
      do throws(SpoolError) {
        spool = try Spool(folder: disk, description: SimulatedDevice.description, options: options)
      } catch {
        simulation.tell("the spool can't be opened: \(error)")
        return simulation.after(1_000) { $0.device.start($0) }
      }
    }
    if let spool { simulation.judge.recovered(spool.state, simulation) }
    simulation.tell("device starts at \(spool?.state.position ?? 0), \(spool?.waiting ?? 0) wait")
    var configuration = DeviceSession.Configuration(
      session: SimulatedDevice.description, tool: "device", platform: "simulated")
    configuration.bufferLimit = settings.bufferLimit
    configuration.messageSize = 1024
    let delivery = SpooledSession(
      configuration: configuration, spool: spool, onFull: settings.spool?.onFull ?? .block,
      random: SeededRandom(seed: seed ^ UInt64(starts) << 32))
    // What is left of a pipe is read by the next process, or by none.
    let reads =
      spool?.state.isEnded != true && (starts == 1 || settings.input == .file || simulation.random(0...1) == 0)
    let framer = InputFramer(text: false, isWithinLine: spool?.state.isWithinLine ?? false)
    let offset = settings.input == .file ? Int(spool?.state.inputOffset ?? 0) : source.taken
    let process = Process(delivery: delivery, framer: framer, reads: reads, offset: offset)
    self.process = process
    let file = SpoolInputFile(device: 1, inode: 1, offset: Int64(offset))
    attempt(process, simulation) { delivery throws(SpooledSession.Failure) in
      if reads { try delivery.began(self.settings.input == .file ? file : nil) }
    }
    process.delivery.session.start(now: simulation.now)
    if reads { readOn(simulation) }
    writeOn(simulation)
  }

  func kill(away: Milliseconds, _ simulation: Simulation) {
    guard process != nil else { return }
    end(simulation)
    simulation.tell("device is killed")
    guard settings.spool != nil else {
      simulation.isOver = true
      return
    }
    simulation.after(away) { if $0.device.process == nil { $0.device.start($0) } }
  }

  private func end(_ simulation: Simulation) {
    life += 1
    process = nil
    postponed.clear()
    let number = simulation.network.connection
    simulation.network.cut(simulation)
    simulation.after(simulation.network.latency(simulation)) { $0.hub.lost(number, $0) }
  }

  func copySpool(_ simulation: Simulation) {
    oldSpool = disk.copy()
    simulation.judge.spoolCopied()
  }

  func rollBackSpool(_ simulation: Simulation) {
    guard let oldSpool else { return }
    disk.restore(oldSpool)
    simulation.judge.spoolRolledBack()
  }

  // MARK: Its loop

  func drive(_ simulation: Simulation) {
    guard let process, !postponed.isStopped(simulation.now) else { return }
    if let retryAt = process.delivery.retryAt, simulation.now >= retryAt {
      attempt(process, simulation) { delivery throws(SpooledSession.Failure) in try delivery.keep(now: simulation.now) }
    }
    advance(process, simulation)
    while self.process === process {
      var action: DeviceSession.Action?
      let canSend = simulation.network.unsent < 4 << 10
      attempt(process, simulation) { delivery throws(SpooledSession.Failure) in
        action = try delivery.nextAction(now: simulation.now, canSend: canSend)
      }
      guard self.process === process, let action else { break }
      perform(action, process, simulation)
      if self.process === process { advance(process, simulation) }
    }
  }

  private func advance(_ process: Process, _ simulation: Simulation) {
    attempt(process, simulation) { delivery throws(SpooledSession.Failure) in
      try delivery.fetch()
      _ = try delivery.release(now: simulation.now)
    }
    releasedPosition = process.delivery.session.releasedPosition
  }

  /// Does something that the spool may refuse, which ends the process.
  private func attempt(
    _ process: Process, _ simulation: Simulation,
    _ body: (inout SpooledSession) throws(SpooledSession.Failure) -> Void
  ) {
    guard self.process === process else { return }
    var failure: SpooledSession.Failure?
    do throws(SpooledSession.Failure) {
      try body(&process.delivery)
    } catch {
      failure = error
    }
    let kept = process.pending.count - process.delivery.unspooled.count
    if kept > 0 {
      simulation.judge.took(Array(process.pending.prefix(kept)))
      process.pending.removeFirst(kept)
    }
    for news in process.delivery.news {
      simulation.tell("\(news)")
      simulation.judge.spoolTold(news, simulation)
    }
    process.delivery.news = []
    guard let failure else { return }
    simulation.tell("device fails: \(failure.message)")
    end(simulation)
    simulation.after(simulation.random(100...5_000)) { if $0.device.process == nil { $0.device.start($0) } }
  }

  private func perform(_ action: DeviceSession.Action, _ process: Process, _ simulation: Simulation) {
    switch action {
    case .connect: connect(process, simulation)
    case .send(let message): simulation.network.toHub(.message(message), process.connection, simulation)
    case .renewToken, .prove:
      later(simulation.random(1...200), simulation) { process, simulation in
        if simulation.random(0...9) == 0 {
          process.delivery.session.renewalFailed(now: simulation.now)
        } else {
          process.delivery.session.renewed(token: "t", proof: "p")
        }
      }
    case .close(let code, let reason): simulation.network.toHub(.close(code, reason), process.connection, simulation)
    case .abandon:
      let number = process.connection
      simulation.network.cut(simulation)
      simulation.after(simulation.network.latency(simulation)) { $0.hub.lost(number, $0) }
    case .reopened: break
    case .numbered(let position, let number): simulation.tell("numbered: \(position) is \(number)")
    case .opened:
      if !process.reads { endInput(process, simulation) }
    case .disconnected(let reason, let delay):
      process.isOpen = false
      simulation.tell("\(reason); again in \(delay) ms")
    case .finished(let outcome):
      simulation.tell("device is done: \(outcome)")
      if outcome == .delivered {
        process.delivery.spool?.remove()
        isDelivered = true
      } else if !simulation.judge.mayGiveUp(simulation) {
        simulation.violate("the device gave up: \(outcome)")
      }
      end(simulation)
      simulation.isOver = true
    }
  }

  private func connect(_ process: Process, _ simulation: Simulation) {
    let number = simulation.network.connect(simulation)
    process.connection = number
    later(simulation.network.latency(simulation), simulation) { process, simulation in
      guard process.connection == number else { return }
      let hub = simulation.hub
      guard hub.isUp, !hub.postponed.isStopped(simulation.now), simulation.network.refusesUntil <= simulation.now,
        simulation.network.carries(number)
      else {
        process.delivery.session.connectFailed(reason: "refused", retryAfter: nil, now: simulation.now)
        return
      }
      hub.accept(number, simulation)
      process.isOpen = true
      process.delivery.session.connected(tokenLife: simulation.schedule.settings.tokenLife, now: simulation.now)
    }
  }

  func received(_ item: SimulatedNetwork.Item, _ number: Int, _ simulation: Simulation) {
    later(0, simulation) { process, simulation in
      guard process.connection == number else { return }
      process.delivery.session.receivedBytes(now: simulation.now)
      switch item {
      case .message(let message): process.delivery.session.received(message, now: simulation.now)
      case .close(let code, let reason):
        process.delivery.session.connectionLost(code: code, reason: reason, now: simulation.now)
      }
    }
  }

  func lost(_ number: Int, code: UInt16?, reason: String, _ simulation: Simulation) {
    later(0, simulation) { process, simulation in
      guard process.connection == number else { return }
      process.delivery.session.connectionLost(code: code, reason: reason, now: simulation.now)
    }
  }

  /// While no connection is open a close can only be that of one that was given up: the session ignores it.
  func staleClose(_ code: UInt16, _ simulation: Simulation) {
    later(0, simulation) { process, simulation in
      guard !process.isOpen else { return }
      process.delivery.session.connectionLost(code: code, reason: "late", now: simulation.now)
    }
  }

  func networkChanged(_ simulation: Simulation) {
    later(0, simulation) { $0.delivery.session.networkChanged(now: $1.now) }
  }

  // MARK: Its input and output

  private func readOn(_ simulation: Simulation) {
    later(simulation.random(0...60), simulation) { process, simulation in
      self.read(process, simulation)
      if self.process === process, !process.inputHasEnded { self.readOn(simulation) }
    }
  }

  private func read(_ process: Process, _ simulation: Simulation) {
    guard process.delivery.wantsInput else { return }
    let count = min(Int(simulation.random(1...8_192)), source.bytes.count - process.offset)
    guard count > 0 else {
      if source.isClosed { endInput(process, simulation) }
      return
    }
    let read = Array(source.bytes[process.offset..<(process.offset + count)])
    process.offset += count
    process.bytes += Int64(count)
    if settings.input == .pipe { source.taken = process.offset }
    read.withUnsafeBytes { process.framer.feed($0, now: simulation.now) { take($0, process) } }
    attempt(process, simulation) { delivery throws(SpooledSession.Failure) in try delivery.keep(now: simulation.now) }
  }

  private func take(_ line: InputLine, _ process: Process) {
    if line.endsLine { process.lines += 1 }
    process.pending.append(line)
    process.delivery.read(line)
  }

  private func endInput(_ process: Process, _ simulation: Simulation) {
    guard !process.inputHasEnded else { return }
    process.inputHasEnded = true
    if process.reads { process.framer.finish(now: simulation.now) { take($0, process) } }
    let had = process.delivery.unspooled.count
    process.delivery.inputEnded(
      bytes: process.bytes, lines: process.lines, isIncomplete: !process.reads, ts: simulation.now)
    process.pending += process.delivery.unspooled.dropFirst(had).map(\.line)
    attempt(process, simulation) { delivery throws(SpooledSession.Failure) in try delivery.keep(now: simulation.now) }
  }

  private func writeOn(_ simulation: Simulation) {
    later(simulation.random(1...100), simulation) { process, simulation in
      if simulation.now >= self.readerStalledUntil, let control = process.delivery.session.nextControl {
        simulation.judge.wrote(control.line, seq: control.seq, simulation)
        self.apply(control.line, simulation)
        // It may be killed between the two.
        self.later(simulation.random(0...3), simulation) { process, simulation in
          self.attempt(process, simulation) { delivery throws(SpooledSession.Failure) in
            try delivery.controlWritten()
          }
          self.writeOn(simulation)
        }
      } else {
        self.writeOn(simulation)
      }
    }
  }

  private func apply(_ line: [UInt8], _ simulation: Simulation) {
    let moment = Moment(now: simulation.now, wall: simulation.now)
    line.withUnsafeBytes { agent.controlRead($0, at: moment) }
    while agent.nextEffect() != nil {}
    let answers = agent.takeOutput().lines
    simulation.judge.applied(answers, simulation)
    source.answer(answers)
  }
}
