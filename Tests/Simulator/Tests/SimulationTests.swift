import Glibc
import RemoteAgentCore
import Simulator
import Testing

struct SimulationTests {
  // A sanitizer makes each much slower; what they hold is held without it.
  private static let perTest: UInt64 = getenv("RA_SANITIZER") == nil ? 100 : 10

  @Test(arguments: UInt64(0)..<20)
  func `whatever happens, what was taken in is stored once, in order, or told as lost`(part: UInt64) {
    for seed in (part * SimulationTests.perTest + 1)...((part + 1) * SimulationTests.perTest) {
      let simulation = Simulation(Schedule(seed: seed))
      simulation.run()
      #expect(simulation.violations == [], "simulate --seed \(seed)")
    }
  }

  @Test func `every kind of fault is in the schedules of the tests`() {
    var kinds: [String: Int] = [:]
    for seed in UInt64(1)...2_000 {
      for (_, fault) in Schedule(seed: seed).faults {
        kinds[String("\(fault)".prefix { $0 != "(" }), default: 0] += 1
      }
    }
    let rarest = kinds.values.min() ?? 0
    #expect(kinds.count == Schedule.Fault.kinds && rarest > 50, "\(kinds)")
  }

  @Test func `the same seed is the same run`() {
    for seed in UInt64(1)...20 {
      let runs = (0..<2).map { _ in
        let simulation = Simulation(Schedule(seed: seed), isTold: true)
        simulation.run()
        return simulation.timeline
      }
      #expect(runs[0] == runs[1] && !runs[0].isEmpty, "seed \(seed)")
    }
  }

  @Test func `without faults there is one connection, and a control is written`() {
    for seed in UInt64(1)...20 {
      var settings = Schedule.Settings.plain
      settings.lines = 200
      settings.controls = 1
      let simulation = Simulation(Schedule(seed: seed, settings: settings), isTold: true)
      simulation.run()
      #expect(simulation.violations == [])
      #expect(simulation.timeline.count { $0.contains("hub opens") } == 1)
      #expect(simulation.timeline.count { $0.contains("is written") } == 1)
    }
  }

  /// Each of these schedules once failed.
  @Test(arguments: OnceFailing.all)
  func `a schedule that once failed`(case: OnceFailing) {
    for seed in UInt64(1)...20 {
      let simulation = Simulation(Schedule(seed: seed, settings: `case`.settings, faults: `case`.faults))
      simulation.run()
      #expect(simulation.violations == [], "\(`case`.name), seed \(seed)")
    }
  }
}
