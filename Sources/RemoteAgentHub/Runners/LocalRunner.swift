/// The hub's own machine: the start waits on the channel of the hub's own device, where a child of the hub takes it
/// (``LocalAgents``).
struct LocalRunner: AgentRunner {
  let device: LocalDevice
  let remote: RemoteRunner

  init(device: LocalDevice, store: HubStore, registry: SessionRegistry, clock: HubClock) {
    self.device = device
    remote = RemoteRunner(store: store, registry: registry, clock: clock, device: device.clientId)
  }

  func start(_ request: StartRequest, by name: String) async throws(Problem) -> String {
    try await remote.start(request, by: name)
  }
}
