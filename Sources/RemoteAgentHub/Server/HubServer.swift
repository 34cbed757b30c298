import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import RemoteAgentCore
import RemoteAgentTLS
import ServiceLifecycle

/// The hub's servers: Hummingbird applications whose connections are ``HubChannel``s.
struct HubServer: Sendable {
  let settings: HubSettings
  let certificate: ServerCertificate
  let store: HubStore
  let registry: SessionRegistry
  let devices: DeviceAuthority
  /// How the hub is reached; set before the first connection is served.
  let place: @Sendable () -> HubPlace?
  let logger: Logger
  private let people: PeopleAPI
  private let page = Page()

  init(
    settings: HubSettings, certificate: ServerCertificate, store: HubStore, registry: SessionRegistry,
    runners: Runners, place: @escaping @Sendable () -> HubPlace?, logger: Logger
  ) {
    self.settings = settings
    self.certificate = certificate
    self.store = store
    self.registry = registry
    self.place = place
    self.logger = logger
    devices = DeviceAuthority(store: store, clock: settings.clock, rates: settings.rates)
    people = PeopleAPI(
      store: store, registry: registry, runners: runners,
      authority: PersonAuthority(store: store, clock: settings.clock),
      limits: settings.limits, clock: settings.clock, forwarded: ForwardedFor(trusted: settings.trustedProxies),
      metrics: HubMetrics(startedAt: settings.clock.wall()), links: AttemptGate(CodeAttempts(), clock: settings.clock),
      userCodes: AttemptGate(CodeAttempts(), clock: settings.clock), pairingLog: PairingLog(logger), place: place)
  }

  /// Devices and people, over TLS.
  ///
  /// - Parameter onListening: called with the port before any connection is served.
  func application(onListening: @escaping @Sendable (_ port: Int) async -> Void) -> some Service {
    let limits = settings.limits
    let api = DeviceAPI(
      store: store, registry: registry, devices: devices,
      pairing: PairingDesk(
        store: store, clock: settings.clock, attempts: settings.attempts, needsApproval: settings.approvesPairing,
        log: people.pairingLog),
      grants: GrantDesk(
        store: store, clock: settings.clock, limits: settings.grants, log: people.pairingLog, place: place),
      limits: limits, clock: settings.clock, forwarded: people.forwarded)
    let place = place
    let upgrader = StreamUpgrader(
      services: StreamServices(
        store: store, registry: registry, gate: SessionGate(), devices: devices, configuration: settings.session,
        limits: limits, clock: settings.clock, forwarded: people.forwarded, pageOrigin: { place()?.url }))
    return application(
      HubResponder(devices: api, people: people, page: page, listener: { .https }), tls: certificate.context,
      upgrader: upgrader, address: settings.listen, onListening: onListening)
  }

  /// People, in plain HTTP on this machine alone. The parameters are as above.
  func loopback(port: Int, onListening: @escaping @Sendable (_ port: Int) async -> Void) -> some Service {
    let bound = Latch<Int>()
    let responder = HubResponder(devices: nil, people: people, page: page) {
      bound.value.map { Listener.loopback(port: $0) }
    }
    return application(
      responder, tls: nil, upgrader: nil, address: ListenAddress(host: "127.0.0.1", port: port)
    ) { port in
      bound.set(port)
      await onListening(port)
    }
  }

  private func application(
    _ responder: HubResponder, tls: TLSContext?, upgrader: StreamUpgrader?, address: ListenAddress,
    onListening: @escaping @Sendable (_ port: Int) async -> Void
  ) -> some Service {
    let limits = settings.limits
    let metrics = people.metrics
    let connections = NetworkConnections(limit: limits.connectionsPerNetwork, exempt: settings.trustedProxies)
    let log = ConnectionLog(logger: logger, clock: settings.clock)
    return Application(
      responder: responder,
      server: HTTPServerBuilder { responder in
        HubChannel(
          responder: responder, tls: tls, upgrader: upgrader, limits: limits, metrics: metrics,
          connections: connections,
          log: log)
      },
      configuration: ApplicationConfiguration(
        address: .hostname(address.host, port: address.port), serverName: nil,
        availableConnectionsDelegate: MaximumAvailableConnections(limits.connections, logger: logger)),
      onServerRunning: { channel in await onListening(channel.localAddress?.port ?? address.port) },
      logger: logger)
  }
}
