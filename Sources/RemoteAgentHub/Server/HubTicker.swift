import RemoteAgentCore
import ServiceLifecycle

/// Tells those who wait that time has passed, settles controls whose life has ended, tries again what a full disk refused,
/// and lets the streams of people end when the hub stops: the server waits for them.
struct HubTicker: Service {
  /// In seconds: how often it looks whether a store that fails can write again.
  private static let trial = 1
  /// In trials.
  private static let interval = 5

  let store: HubStore
  let clock: HubClock

  func run() async {
    await cancelWhenGracefulShutdown {
      var count = 0
      while !Task.isCancelled {
        await store.tryAgain()
        if count.isMultiple(of: Self.interval) {
          // A store that fails says so to whoever asks it.
          try? await store.expireControls(now: clock.wall())
          store.changes.tick()
        }
        count += 1
        try? await Task.sleep(for: .seconds(Self.trial))
      }
    }
    store.changes.finish()
  }
}
