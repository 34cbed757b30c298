import RemoteAgentCore

/// What is between device and hub: one connection at a time that still carries something, each direction in order.
final class SimulatedNetwork {
  enum Item {
    case message([UInt8])
    case close(UInt16, String)

    var size: Int {
      switch self {
      case .message(let bytes): bytes.count
      case .close: 0
      }
    }
  }

  /// The number of the newest connection, counted from 1.
  private(set) var connection = 0
  private var isCut = false
  private var arrivesAtHub: Milliseconds = 0
  private var arrivesAtDevice: Milliseconds = 0
  private var pausedUntil: Milliseconds = 0
  var refusesUntil: Milliseconds = 0
  /// Bytes under way to the hub.
  private(set) var unsent = 0

  /// Begins another connection; returns its number.
  func connect(_ simulation: Simulation) -> Int {
    connection += 1
    isCut = false
    unsent = 0
    arrivesAtHub = simulation.now
    arrivesAtDevice = simulation.now
    return connection
  }

  /// Nothing more arrives of the newest connection, what is under way included.
  func cut(_ simulation: Simulation) { isCut = true }

  func carries(_ number: Int) -> Bool { number == connection && !isCut }

  func pause(until time: Milliseconds) { pausedUntil = max(pausedUntil, time) }

  func latency(_ simulation: Simulation) -> Milliseconds { simulation.random(simulation.schedule.settings.latency) }

  func toHub(_ item: Item, _ number: Int, _ simulation: Simulation) {
    guard carries(number) else { return }
    arrivesAtHub = max(arrivesAtHub, max(simulation.now, pausedUntil) + latency(simulation))
    unsent += item.size
    simulation.at(arrivesAtHub) {
      guard $0.network.carries(number) else { return }
      $0.network.unsent -= item.size
      $0.hub.received(item, number, $0)
    }
  }

  func toDevice(_ item: Item, _ number: Int, _ simulation: Simulation) {
    guard carries(number) else { return }
    arrivesAtDevice = max(arrivesAtDevice, max(simulation.now, pausedUntil) + latency(simulation))
    simulation.at(arrivesAtDevice) {
      guard $0.network.carries(number) else { return }
      $0.device.received(item, number, $0)
    }
  }
}
