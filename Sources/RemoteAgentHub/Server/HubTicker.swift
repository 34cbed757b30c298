import RemoteAgentCore
import ServiceLifecycle

/// Tells those who wait that time has passed, settles controls whose life has ended, ends devices whose time is over, tries
/// again what a full disk refused, also to send what waits, and lets the streams of people end when the hub stops: the server
/// waits for them.
struct HubTicker: Service {
  /// In seconds: how often it looks whether a store that fails can write again.
  private static let trial = 1
  /// In trials.
  private static let interval = 5

  /// In trials: how often it is written down that connected devices are here.
  private static let presence = 60

  let store: HubStore
  let registry: SessionRegistry
  let clock: HubClock

  func run() async {
    await cancelWhenGracefulShutdown {
      var count = 0
      while !Task.isCancelled {
        if await store.tryAgain() { await registry.allControlsWaiting() }
        await endDevices()
        if count.isMultiple(of: Self.interval) {
          // A store that fails says so to whoever asks it.
          try? await store.expireControls(now: clock.wall())
          store.changes.tick()
        }
        if count.isMultiple(of: Self.presence) { try? await store.seenConnected(now: clock.wall()) }
        count += 1
        try? await Task.sleep(for: .seconds(Self.trial))
      }
    }
    store.changes.finish()
  }

  private func endDevices() async {
    // A store that fails says so to whoever asks it.
    for device in (try? await store.endDevices(now: clock.wall())) ?? [] {
      await registry.refused(device.clientId, why: device.why)
    }
  }
}
