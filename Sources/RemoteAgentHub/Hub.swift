import Glibc
package import Logging
import RemoteAgentProcess
import ServiceLifecycle
package import UnixSignals

/// A hub in a folder: store, registry, administration socket and server, started and stopped together.
package enum Hub {
  /// Serves until SIGTERM or SIGINT, then stops: no more connections, what was taken in is stored and acknowledged,
  /// streams are closed with 1001. The stop takes at most `settings.stopSeconds`.
  package static func serve(_ settings: HubSettings) async throws(HubError) {
    // A file beyond a limit is then an error of the write, as a full disk is.
    Signals.ignoreFileSizeLimits()
    var logger = Logger(label: "ra-hub", factory: { StreamLogHandler.standardError(label: $0) })
    logger.logLevel = .notice
    try await run(settings, signals: [.sigterm, .sigint], logger: logger) { hub in
      let local = hub.localURL.map { ", and for people on \($0)" } ?? ""
      Diagnostics(program: "ra-hub").note("listening on \(hub.url)\(local)")
    }
  }

  /// Runs a hub until one of the signals comes or `RunningHub.stop` is called.
  ///
  /// - Parameter onListening: called when connections are accepted and `hub.json` is written.
  package static func run(
    _ settings: HubSettings, signals: [UnixSignal], logger: Logger,
    onListening: @escaping @Sendable (RunningHub) async -> Void
  ) async throws(HubError) {
    let localCommand = try settings.localAgents.map(Hub.localCommand)
    if localCommand != nil, settings.certificate == nil { keepFromProxies(localHost(settings)) }
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
    store.health.onChange { change in
      switch change {
      case .began(let outage, let reason):
        logger.error("nothing can be stored (\(reason)): \(outage.detail); devices are told to come later")
      case .ended(let refused):
        logger.warning("the store can be written again; \(refused) writes were refused meanwhile")
      }
    }
    let registry = SessionRegistry()
    let failure = Latch<HubError>()
    let place = Latch<HubPlace>()
    let group = Latch<ServiceGroup>()
    let localDevice = Latch<LocalDevice>()
    let runners = Runners(
      store: store, registry: registry, clock: settings.clock,
      local: {
        localDevice.value.map {
          LocalRunner(device: $0, store: store, registry: registry, clock: settings.clock)
        }
      })
    let administration = AdministrationServer(
      folder: path, store: store, registry: registry, clock: settings.clock, log: PairingLog(logger),
      local: runners.local, place: { place.value })
    let server = HubServer(
      settings: settings, certificate: certificate, store: store, registry: registry, runners: runners,
      place: { place.value }, logger: logger)

    // All that listens does so before anybody is told where.
    let ports = ListeningPorts(hasLoopback: settings.loopbackPort != nil) { port, localPort in
      server.devices.serve(origins: Origins(names: names, port: port, publicURL: settings.publicURL?.origin))
      let found = HubPlace(
        url: settings.publicURL?.origin ?? "https://\(ListenAddress.literal(names.hosts[0])):\(port)",
        localURL: localPort.map { "http://127.0.0.1:\($0)" },
        caPath: settings.devicesTrustSystem ? nil : certificate.caPath)
      place.set(found)
      do {
        if localCommand != nil {
          localDevice.set(
            try await LocalDevice.prepare(
              in: path, store: store, hub: localURL(settings, certificate, port: port) ?? found.url,
              ca: try caText(of: certificate), now: settings.clock.wall()))
        }
        try await administration.start()
        try HubFile.write(found, in: path)
      } catch {
        failure.set(error as? HubError ?? .server(reason: "\(error)"))
        await group.value?.triggerGracefulShutdown()
        return
      }
      await onListening(
        RunningHub(
          url: found.url, port: port, localURL: found.localURL, caPath: certificate.caPath, store: store,
          registry: registry, stop: { await group.value?.triggerGracefulShutdown() }))
    }
    var services: [any Service] = [server.application { await ports.opened($0) }]
    if let port = settings.loopbackPort {
      services.append(server.loopback(port: port) { await ports.openedLoopback($0) })
    }
    // The last one is stopped first: with it the streams that the servers would wait for.
    services.append(HubTicker(store: store, registry: registry, clock: settings.clock))
    if localCommand == nil {
      LocalAgents.end(leftIn: path, logger)
      await LocalDevice.retire(in: path, store: store, logger)
    }
    // Before all others, so that what its agents say last is still taken in.
    if let localCommand {
      services.append(
        LocalAgents(
          command: localCommand, folder: path, device: localDevice, channels: store.channels, logger: logger,
          grace: max(1, settings.stopSeconds - 3) * 1_000))
    }
    var configuration = ServiceGroupConfiguration(
      services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
      gracefulShutdownSignals: signals, logger: logger)
    configuration.maximumGracefulShutdownDuration = .seconds(settings.stopSeconds)
    let running = ServiceGroup(configuration: configuration)
    group.set(running)
    do {
      try await running.run()
    } catch {
      // A stop that took too long ends by cancellation: what was not acknowledged, the devices still have.
      if place.value == nil {
        let local = await ports.isOpen ? settings.loopbackPort.map { "127.0.0.1:\($0)" } : nil
        failure.set(.cannotListen(address: local ?? settings.listen.description, reason: "\(error)"))
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

extension Hub {
  private static func localCommand(_ settings: HubSettings.LocalAgents) throws(HubError) -> LocalAgents.Command {
    if let program = settings.program { return LocalAgents.Command(path: program, agents: settings.agents) }
    guard case .found(let path) = Executable.sibling("ra-run") else {
      throw .noRunner(reason: "ra-run is neither beside ra-hub nor in PATH: no agents can be started on this machine")
    }
    return LocalAgents.Command(path: path, agents: settings.agents)
  }

  /// Where the hub's own device finds it: where it listens, if its certificate is its own and so for that name; nil: where
  /// all devices do.
  private static func localURL(_ settings: HubSettings, _ certificate: ServerCertificate, port: Int) -> String? {
    certificate.caPath == nil ? nil : "https://\(ListenAddress.literal(localHost(settings))):\(port)"
  }

  private static func localHost(_ settings: HubSettings) -> String {
    switch settings.listen.host {
    case "0.0.0.0": "127.0.0.1"
    case "::": "::1"
    default: settings.listen.host
    }
  }

  /// What starts agents here reaches the hub on this machine, whatever proxy the environment names: by the environment that it
  /// inherits. To be called before there are threads that look into it.
  private static func keepFromProxies(_ host: String) {
    let name = Environment["no_proxy"]?.isEmpty == false ? "no_proxy" : "NO_PROXY"
    let others = Environment[name].map { $0.isEmpty ? "" : $0 + "," } ?? ""
    let isNamed = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"].contains { Environment[$0] != nil }
    if isNamed { setenv(name, others + host, 1) }
  }

  private static func caText(of certificate: ServerCertificate) throws(FileError) -> String? {
    guard let path = certificate.caPath else { return nil }
    return String(decoding: try AtomicFile.read(path), as: UTF8.self)
  }
}
