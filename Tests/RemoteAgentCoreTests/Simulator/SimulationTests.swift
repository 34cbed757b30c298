import RemoteAgentCore
import Testing

struct SimulationTests {
  private func check(_ simulation: Simulation, seed: UInt64, controls: Int) {
    #expect(simulation.outcome == .delivered, "seed \(seed)")
    #expect(simulation.violations.isEmpty, "seed \(seed)")
    let stored = simulation.store.envelopes
    let numbers = stored.map(\.seq)
    #expect(numbers == Array(1...Int64(simulation.taken.count + 1)), "seed \(seed): each number once, in order")
    let payloads = stored.dropLast().map(\.payload)
    #expect(payloads == simulation.taken, "seed \(seed): byte for byte")
    let sorted = Array(Set(simulation.written)).sorted()
    #expect(simulation.written == sorted, "seed \(seed): each control once, in order")
  }

  @Test(arguments: 1...60)
  func `cuts, half-open connections and killed hubs: stored once, in order, byte for byte`(seed: UInt64) {
    var simulation = Simulation(seed: seed, lines: 2_000, controls: 60)
    let ended = simulation.run()
    #expect(ended, "seed \(seed): at \(simulation.now) ms")
    check(simulation, seed: seed, controls: 60)
    #expect(simulation.connections > 1)
    #expect(simulation.kills > 0)
  }

  @Test(arguments: 1...10)
  func `a quiet network: one connection, every control arrives`(seed: UInt64) {
    var faults = Simulation.Faults()
    faults.cutEvery = nil
    faults.killEvery = nil
    faults.until = 0
    var simulation = Simulation(seed: seed, lines: 500, controls: 5, faults: faults)
    let ended = simulation.run()
    #expect(ended, "seed \(seed): at \(simulation.now) ms")
    check(simulation, seed: seed, controls: 5)
    #expect(simulation.connections == 1)
  }

  @Test(arguments: 1...10)
  func `tokens that live a second are renewed and the connection goes on`(seed: UInt64) {
    var faults = Simulation.Faults()
    faults.cutEvery = nil
    faults.killEvery = nil
    faults.until = 0
    faults.tokenLife = 1_000
    var simulation = Simulation(seed: seed, lines: 2_000, controls: 5, faults: faults)
    let ended = simulation.run()
    #expect(ended, "seed \(seed): at \(simulation.now) ms")
    check(simulation, seed: seed, controls: 5)
    #expect(simulation.connections == 1)
    #expect(simulation.renewals > 3)
  }

  @Test(arguments: 1...10)
  func `a window smaller than a line still lets every line through`(seed: UInt64) {
    var faults = Simulation.Faults()
    faults.window = 1
    faults.until = 20_000
    var simulation = Simulation(seed: seed, lines: 200, controls: 5, faults: faults)
    let ended = simulation.run()
    #expect(ended, "seed \(seed): at \(simulation.now) ms")
    check(simulation, seed: seed, controls: 5)
  }
}
