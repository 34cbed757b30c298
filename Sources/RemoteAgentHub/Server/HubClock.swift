package import RemoteAgentCore
import RemoteAgentProcess

/// The hub's two clocks, as values, so that a test can move them.
package struct HubClock: Sendable {
  /// Milliseconds on a clock that never goes back and goes on in sleep.
  package var monotonic: @Sendable () -> Milliseconds
  /// Unix milliseconds.
  package var wall: @Sendable () -> Int64

  package init(monotonic: @escaping @Sendable () -> Milliseconds, wall: @escaping @Sendable () -> Int64) {
    self.monotonic = monotonic
    self.wall = wall
  }

  package static let system = HubClock(monotonic: { BootClock.now }, wall: { WallClock.now })
}
