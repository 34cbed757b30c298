import ArgumentParser
import RemoteAgentProcess
import Simulator
import Synchronization

/// Plays many schedules, and of one that fails the smallest that still does, with its timeline.
@main
struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate", abstract: "Hold the delivery promise in virtual time.",
    discussion: "Exit status: 0 if all is well, 1 if a schedule failed.")

  @Option(help: ArgumentHelp("The first schedule's seed.", valueName: "N"))
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("How many schedules, of this seed and those after it.", valueName: "N"))
  var rounds: UInt64 = 1

  @Option(help: ArgumentHelp("How many at a time.", valueName: "N"))
  var jobs = 2

  @Option(help: ArgumentHelp("Stop after so many that failed.", valueName: "N"))
  var failures = 10

  @Flag(help: "Show the timeline of those that pass, too.")
  var verbose = false

  @Flag(help: "Show a failing schedule as it is.")
  var noShrink = false

  func run() throws {
    let next = Atomic(seed)
    let played = Atomic(UInt64(0))
    let failed = Mutex<[UInt64]>([])
    let end = seed + rounds
    let began = BootClock.now
    Threads.run(jobs) { begins in
      while true {
        let seed = next.add(1, ordering: .relaxed).oldValue
        guard seed < end, failed.withLock({ $0.count < failures }) else { return }
        begins(seed)
        let simulation = Simulation(Schedule(seed: seed), isTold: verbose)
        simulation.run()
        played.add(1, ordering: .relaxed)
        if !simulation.violations.isEmpty { failed.withLock { $0.append(seed) } }
        for line in simulation.timeline { print(line) }
      }
    }
    let seeds = failed.withLock { $0.sorted() }
    if let first = seeds.first { show(Schedule(seed: first)) }
    for seed in seeds { print("FAILED seed \(seed)") }
    print("\((BootClock.now - began) / 1000) s")
    print("simulate: \(played.load(ordering: .relaxed) - UInt64(seeds.count)) passed, \(seeds.count) failed")
    if !seeds.isEmpty { throw ExitCode(1) }
  }

  private func show(_ schedule: Schedule) {
    var schedule = schedule
    if !noShrink {
      schedule = Shrinker.shrink(schedule) {
        let simulation = Simulation($0)
        simulation.run()
        return !simulation.violations.isEmpty
      }
    }
    let simulation = Simulation(schedule, isTold: true)
    simulation.run()
    print(schedule)
    for line in simulation.timeline { print(line) }
    for violation in simulation.violations { print(violation) }
  }
}
