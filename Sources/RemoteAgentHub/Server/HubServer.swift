import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import RemoteAgentCore
import RemoteAgentTLS
import ServiceLifecycle

/// The hub's server: a Hummingbird application whose connections are ``HubChannel``s.
struct HubServer: Sendable {
  let settings: HubSettings
  let certificate: ServerCertificate
  let store: HubStore
  let registry: SessionRegistry
  let devices: DeviceAuthority
  /// The origin that people see; set before the first connection is served.
  let pageOrigin: @Sendable () -> String?
  let logger: Logger

  /// - Parameter onListening: called with the port before any connection is served.
  func application(onListening: @escaping @Sendable (_ port: Int) async -> Void) -> some Service {
    let limits = settings.limits
    let api = DeviceAPI(
      store: store, registry: registry, devices: devices,
      pairing: PairingDesk(store: store, clock: settings.clock, attempts: settings.attempts), limits: limits,
      clock: settings.clock)
    let upgrader = StreamUpgrader(
      services: StreamServices(
        store: store, registry: registry, gate: SessionGate(), devices: devices, configuration: settings.session,
        limits: limits, clock: settings.clock, pageOrigin: pageOrigin))
    let context = certificate.context
    return Application(
      responder: api,
      server: HTTPServerBuilder { responder in
        HubChannel(responder: responder, tls: context, upgrader: upgrader, limits: limits)
      },
      configuration: ApplicationConfiguration(
        address: .hostname(settings.listen.host, port: settings.listen.port), serverName: nil,
        availableConnectionsDelegate: MaximumAvailableConnections(limits.connections, logger: logger)),
      onServerRunning: { channel in await onListening(channel.localAddress?.port ?? settings.listen.port) },
      logger: logger)
  }
}
