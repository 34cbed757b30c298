import RemoteAgentCore

/// What a stopped process does when it goes on, in order.
final class Postponed {
  private(set) var until: Milliseconds = 0
  private var work: [Simulation.Work] = []

  func isStopped(_ now: Milliseconds) -> Bool { until > now }

  func stop(until time: Milliseconds) { until = max(until, time) }

  /// The process is gone, and with it what it would have done.
  func clear() {
    until = 0
    work = []
  }

  func run(_ simulation: Simulation, _ next: @escaping Simulation.Work) {
    guard isStopped(simulation.now) || !work.isEmpty else { return next(simulation) }
    if work.isEmpty { simulation.at(until, goOn) }
    work.append(next)
  }

  private func goOn(_ simulation: Simulation) {
    if isStopped(simulation.now) { return simulation.at(until, goOn) }
    let all = work
    work = []
    for next in all { next(simulation) }
  }
}
