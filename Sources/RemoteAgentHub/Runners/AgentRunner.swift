import RemoteAgentCore

/// What has agents started on one machine. People meet all of them alike: what is asked for becomes a session of a device.
package protocol AgentRunner: Sendable {
  /// Takes a start in; returns the hub's own name of the session that it is to become.
  ///
  /// - Parameter name: who asks for it.
  func start(_ request: StartRequest, by name: String) async throws(Problem) -> String
}

/// Another machine: the start waits on the channel of its device.
struct RemoteRunner: AgentRunner {
  let store: HubStore
  let registry: SessionRegistry
  let clock: HubClock
  /// A `clientId`, or a label that only one device has.
  let device: String

  func start(_ request: StartRequest, by name: String) async throws(Problem) -> String {
    let admission: StartAdmission
    do throws(StoreError) {
      admission = try await store.start(request, on: device, by: name, now: clock.wall())
    } catch {
      throw .store(error)
    }
    switch admission {
    case .accepted(let id, _, let clientId):
      await registry.controlsWaiting(.device(clientId))
      return id
    case .noDevice: throw .noDevice
    case .ambiguous: throw .severalDevices
    case .notStartable: throw .notStartable
    case .failing(let why): throw .notStartable(why)
    case .tooMany: throw .tooManyStarts
    }
  }
}

/// Finds the runner that somebody means.
struct Runners: Sendable {
  let store: HubStore
  let registry: SessionRegistry
  let clock: HubClock
  /// The hub's own machine, if agents are started there.
  let local: @Sendable () -> (any AgentRunner)?

  /// Starts what `json` asks for: a start, and perhaps the `device` that it is for.
  func start(_ json: JSON, by name: String) async throws(Problem) -> String {
    let request = try StartRequest(json)
    guard let device = json["device"] else {
      guard let local = local() else {
        throw .badRequest("name a device: the hub starts no agents on its own machine (--local-agents)")
      }
      return try await local.start(request, by: name)
    }
    guard let device = device.string, !device.isEmpty else {
      throw .badRequest("device must be a clientId or a label")
    }
    return try await RemoteRunner(store: store, registry: registry, clock: clock, device: device)
      .start(request, by: name)
  }
}
