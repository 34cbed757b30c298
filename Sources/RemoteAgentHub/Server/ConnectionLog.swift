import Logging
import RemoteAgentCore
import Synchronization

/// Tells why connections were refused, a line each, and no more lines than ``LineBudget`` allows: anybody can be refused.
final class ConnectionLog: Sendable {
  private let budget = Mutex(LineBudget())
  private let logger: Logger
  private let clock: HubClock

  init(logger: Logger, clock: HubClock) {
    self.logger = logger
    self.clock = clock
  }

  /// - Parameters:
  ///   - address: whose it was.
  ///   - why: in words that the peer did not choose.
  func refused(_ address: String?, _ why: String) {
    let now = clock.monotonic()
    guard let untold = budget.withLock({ $0.next(now: now) }) else { return }
    let more = untold == 0 ? "" : " (\(untold) more before it were not told)"
    logger.warning("a connection from \(address ?? "an unknown address"): \(why)\(more)")
  }
}
