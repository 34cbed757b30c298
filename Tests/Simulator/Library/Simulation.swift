package import RemoteAgentCore
import SeededRandom

/// One schedule played in virtual time: a device with its spool, a network, a hub with its store, and the people's controls.
///
/// The machines are those of the programs (`SpooledSession` with `Spool`, `DeviceSession`, `HubSession`, `CommitQueue`,
/// `ControlFeed`, and ra-spawn's `SpawnSession` as the reader of controls); what is simulated is what is around them.
package final class Simulation {
  package typealias Work = (Simulation) -> Void

  private static let longest: Milliseconds = 3_600_000
  private static let mostSteps = 400_000

  package let schedule: Schedule
  package private(set) var now: Milliseconds = 0
  /// What happened, if it is wanted.
  package private(set) var timeline: [String] = []
  /// What must not be; empty if all is well.
  package private(set) var violations: [String] = []
  private let isTold: Bool
  private var queue = EventQueue<Work>()
  var random: SeededRandom
  let network: SimulatedNetwork
  let hub: SimulatedHub
  let device: SimulatedDevice
  let judge = Judge()
  var isOver = false

  /// - Parameter isTold: whether the timeline is kept.
  package init(_ schedule: Schedule, isTold: Bool = false) {
    self.schedule = schedule
    self.isTold = isTold
    random = SeededRandom(seed: schedule.seed ^ 0x5EED)
    network = SimulatedNetwork()
    hub = SimulatedHub(settings: schedule.settings)
    device = SimulatedDevice(settings: schedule.settings, seed: schedule.seed)
  }

  /// Plays it to its end; the violations tell whether all is well.
  package func run() {
    for (at, fault) in schedule.faults { queue.add({ $0.strike(fault) }, at: at) }
    device.source.begin(self)
    device.start(self)
    hub.queueControls(self)
    var steps = 0
    while !isOver, violations.isEmpty {
      steps += 1
      guard steps < Simulation.mostSteps, now < Simulation.longest else {
        violate("it does not end: \(device.state)")
        break
      }
      step()
    }
    if violations.isEmpty { judge.judge(self) }
  }

  private func step() {
    let deadline = [device.deadline, hub.deadline].compactMap { $0 }.min()
    if let next = queue.next, deadline.map({ next <= $0 }) ?? true {
      now = max(now, next)
      queue.take()?(self)
    } else if let deadline {
      now = max(now, deadline)
    } else {
      violate("nothing is left to wait for: \(device.state)")
      return
    }
    hub.drive(self)
    device.drive(self)
  }

  func after(_ delay: Milliseconds, _ work: @escaping Work) { queue.add(work, at: now + delay) }

  func at(_ time: Milliseconds, _ work: @escaping Work) { queue.add(work, at: max(now, time)) }

  func random(_ range: ClosedRange<Milliseconds>) -> Milliseconds { Milliseconds.random(in: range, using: &random) }

  func tell(_ what: @autoclosure () -> String) {
    if isTold { timeline.append("\(now) ms  \(what())") }
  }

  func violate(_ what: String) {
    tell("VIOLATION: \(what)")
    violations.append("at \(now) ms: \(what)")
  }

  private func strike(_ fault: Schedule.Fault) {
    tell("fault: \(fault)")
    switch fault {
    case .cut(let seenByDevice, let seenByHub):
      network.cut(self)
      let number = network.connection
      if seenByDevice { device.lost(number, code: nil, reason: "cut", self) }
      if seenByHub { hub.lost(number, self) }
    case .pause(let span): network.pause(until: now + span)
    case .refuse(let span): network.refusesUntil = now + span
    case .networkChanged: device.networkChanged(self)
    case .killHub(let away): hub.kill(away: away, self)
    case .stopHub(let span): hub.postponed.stop(until: now + span)
    case .hubDiskFull(let span): hub.failsUntil = now + span
    case .copyHub: hub.copy()
    case .rollBackHub(let away):
      hub.kill(away: away, self)
      hub.rollBack(self)
    case .killDevice(let away): device.kill(away: away, self)
    case .stopDevice(let span): device.postponed.stop(until: now + span)
    case .deviceDiskFull(let span):
      // Mostly it is quite full; else a part of what is read has room.
      device.disk.room = span % 3 == 0 ? Int(span % 4_001) : 0
      after(span) { $0.device.disk.room = nil }
    case .powerLoss(let away):
      device.kill(away: away, self)
      device.disk.powerLost(using: &random)
    case .copySpool: device.copySpool(self)
    case .rollBackSpool(let away):
      device.kill(away: away, self)
      device.rollBackSpool(self)
    case .damageSpool(let away):
      device.kill(away: away, self)
      if device.disk.damage(using: &random) { judge.spoolDamaged() }
    case .staleClose(let code): device.staleClose(code, self)
    case .readerStalls(let span): device.readerStalledUntil = now + span
    }
  }
}
