import CPosix
import Glibc
import RemoteAgentCore
import RemoteAgentProcess

/// Tells when the machine's network changed, or when it woke up: then a connection may be dead without a word.
///
/// The driver polls `descriptor` for POLLIN and calls `take`; where the system gives no such descriptor (-1, which poll(2) leaves
/// out), `take` tells of wake-ups alone. Not shared between threads.
package final class NetworkWatch {
  /// The clocks drift apart by less than this while the machine is awake, in milliseconds.
  private static let sleepThreshold: Milliseconds = 1_000

  /// Readable when links, addresses or routes changed; -1 if it can't be told.
  package let descriptor: Int32
  private var slept: Milliseconds

  package init() {
    descriptor = cposix_network_open()
    slept = BootClock.timeAsleep
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Takes what has come, a bounded amount; true if an address, a route or a link changed, or the machine slept, since the last call.
  package func take() -> Bool {
    let hasChanged = descriptor >= 0 && cposix_network_take(descriptor) == 1
    return hasWoken(timeAsleep: BootClock.timeAsleep) || hasChanged
  }

  /// Whether it slept since the last call, by how long it has slept in all.
  func hasWoken(timeAsleep: Milliseconds) -> Bool {
    defer { slept = timeAsleep }
    return timeAsleep - slept >= NetworkWatch.sleepThreshold
  }
}

extension HubConnection {
  /// Whether its local address is on no interface any more: nothing will ever come on it.
  package var hasLostItsAddress: Bool { stage != .resolving && cposix_network_lost_address(descriptor) == 1 }
}
