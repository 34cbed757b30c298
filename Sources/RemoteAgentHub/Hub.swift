package import Logging
import RemoteAgentProcess
import ServiceLifecycle
package import UnixSignals

/// A hub in a folder: store, registry, administration socket and server, started and stopped together.
package enum Hub {
  /// Serves until SIGTERM or SIGINT, then stops: no more connections, what was taken in is stored and acknowledged,
  /// streams are closed with 1001. The stop takes at most `settings.stopSeconds`.
  package static func serve(_ settings: HubSettings) async throws(HubError) {
    var logger = Logger(label: "ra-hub", factory: { StreamLogHandler.standardError(label: $0) })
    logger.logLevel = .warning
    try await run(settings, signals: [.sigterm, .sigint], logger: logger) { hub in
      Diagnostics(program: "ra-hub").note("listening on \(hub.url)")
    }
  }

  /// Runs a hub until one of the signals comes or `RunningHub.stop` is called.
  ///
  /// - Parameter onListening: called when connections are accepted and `hub.json` is written.
  package static func run(
    _ settings: HubSettings, signals: [UnixSignal], logger: Logger,
    onListening: @escaping @Sendable (RunningHub) async -> Void
  ) async throws(HubError) {
    let folder = try DataFolder(path: settings.folder)
    let path = folder.path
    let names = HubNames(
      listen: settings.listen, publicHost: settings.publicURL?.host, machine: HubNames.machineName())
    let certificate: ServerCertificate
    if let files = settings.certificate {
      certificate = try .given(files)
    } else {
      certificate = try .own(in: path, names: names.hosts, now: settings.clock.wall())
    }
    let store: HubStore
    do throws(StoreError) {
      store = try HubStore(folder: path, lives: settings.lives)
    } catch {
      throw .server(reason: "\(error)")
    }
    let registry = SessionRegistry()
    let administration = AdministrationServer(folder: path, store: store, registry: registry, clock: settings.clock)
    let failure = Latch<HubError>()
    let url = Latch<String>()
    let group = Latch<ServiceGroup>()

    let server = HubServer(
      settings: settings, certificate: certificate, store: store, registry: registry,
      devices: DeviceAuthority(store: store, clock: settings.clock), pageOrigin: { url.value }, logger: logger)
    let application = server.application { port in
      let origins = Origins(names: names, port: port, publicURL: settings.publicURL?.origin)
      server.devices.serve(origins: origins)
      let shown = settings.publicURL?.origin ?? "https://\(ListenAddress.literal(names.hosts[0])):\(port)"
      url.set(shown)
      do {
        try await administration.start(url: shown, ca: certificate.caPath)
        try HubFile.write(url: shown, ca: certificate.caPath, in: path)
      } catch {
        failure.set(error as? HubError ?? .server(reason: "\(error)"))
        await group.value?.triggerGracefulShutdown()
        return
      }
      await onListening(
        RunningHub(
          url: shown, port: port, caPath: certificate.caPath, store: store, registry: registry,
          stop: { await group.value?.triggerGracefulShutdown() }))
    }
    var configuration = ServiceGroupConfiguration(
      services: [.init(service: application, successTerminationBehavior: .gracefullyShutdownGroup)],
      gracefulShutdownSignals: signals, logger: logger)
    configuration.maximumGracefulShutdownDuration = .seconds(settings.stopSeconds)
    let services = ServiceGroup(configuration: configuration)
    group.set(services)
    do {
      try await services.run()
    } catch {
      // A stop that took too long ends by cancellation: what was not acknowledged, the devices still have.
      if url.value == nil {
        failure.set(.cannotListen(address: settings.listen.description, reason: "\(error)"))
      } else if !(error is CancellationError) {
        failure.set(.server(reason: "\(error)"))
      }
    }
    HubFile.remove(in: path)
    await administration.stop()
    _ = consume folder
    if let failure = failure.value { throw failure }
  }
}
