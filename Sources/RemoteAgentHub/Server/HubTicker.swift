import RemoteAgentCore
import ServiceLifecycle

/// Tells those who wait that time has passed, settles controls whose life has ended, and lets the streams of people end when
/// the hub stops: the server waits for them.
struct HubTicker: Service {
  /// In seconds.
  private static let interval = 5

  let store: HubStore
  let clock: HubClock

  func run() async {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        try? await Task.sleep(for: .seconds(Self.interval))
        // A store that fails says so to whoever asks it.
        try? await store.expireControls(now: clock.wall())
        store.changes.tick()
      }
    }
    store.changes.finish()
  }
}
