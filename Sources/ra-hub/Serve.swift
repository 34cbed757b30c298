import ArgumentParser
import RemoteAgentCore
import RemoteAgentHub
import RemoteAgentOptions
import RemoteAgentProcess

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Run the hub until SIGTERM or SIGINT.")

  @OptionGroup var folder: HubFolder

  @Option(help: ArgumentHelp("Where to listen.", valueName: "host:port"))
  var listen = "127.0.0.1:8443"

  @Option(help: ArgumentHelp("The https address devices use, if it is not where the hub listens.", valueName: "url"))
  var publicUrl: String?

  @Option(
    help: ArgumentHelp(
      "Serve people, not devices, in plain HTTP on this port of 127.0.0.1 too; 0 takes a free one.", valueName: "port"))
  var httpLoopback: Int?

  @Option(
    help: ArgumentHelp(
      "A proxy before the hub whose X-Forwarded-For is believed: an address, or a range as 10.0.0.0/8.",
      valueName: "address"))
  var trustedProxy: [String] = []

  @Flag(
    help: "Have devices trust the system's authorities, not the hub's own: the public URL has a certificate of theirs.")
  var systemCa = false

  @Flag(help: "Have each device that pairs by a code approved of, too: on the page, or by `ra-hub approve`.")
  var approvePairing = false

  @Flag(help: "Start agents on this machine too, as the hub's own user: a device of the hub's own, kept by ra-run.")
  var localAgents = false

  @Option(
    help: ArgumentHelp(
      "With --local-agents: an agent that may be started whatever config.json says. May be given several times.",
      valueName: "name"))
  var agent: [String] = []

  @Option(help: ArgumentHelp("A certificate chain to use in place of the hub's own.", valueName: "file"))
  var tlsCert: String?

  @Option(help: ArgumentHelp("The key of --tls-cert.", valueName: "file"))
  var tlsKey: String?

  @Option(help: ArgumentHelp("How long a session token is good.", valueName: "seconds"))
  var sessionTokenLife: Int64 = 900

  @Option(help: ArgumentHelp("How much of a session may be unacknowledged.", valueName: "bytes"))
  var window = 8 << 20

  @Option(
    help: ArgumentHelp(
      "How much is stored of a session: bytes, or a number with K, M or G; 0 is no bound.", valueName: "size"))
  var sessionQuota = ByteSize(bytes: 0)

  @Option(
    help: ArgumentHelp(
      "How many connections one address may have at a time, an IPv6 /64 being one; trusted proxies aside.",
      valueName: "n"))
  var connectionsPerAddress = ConnectionLimits().connectionsPerNetwork

  @Option(
    help: ArgumentHelp(
      "How long a connection may be silent before it is pinged; after 2.5 times that without an answer it is closed.",
      valueName: "seconds"))
  var heartbeat = 12.0

  func validate() throws {
    guard ListenAddress(listen) != nil else { throw ValidationError("--listen takes HOST:PORT or [ADDRESS]:PORT") }
    guard (tlsCert == nil) == (tlsKey == nil) else {
      throw ValidationError("--tls-cert and --tls-key are needed together")
    }
    guard (0...65_535).contains(httpLoopback ?? 0) else { throw ValidationError("--http-loopback takes a port") }
    for proxy in trustedProxy where AddressRange(proxy) == nil {
      throw ValidationError("--trusted-proxy takes an address or a range, not \(proxy)")
    }
    guard (1...86_400).contains(sessionTokenLife) else {
      throw ValidationError("--session-token-life is from 1 to 86400 seconds")
    }
    guard agent.isEmpty || localAgents else { throw ValidationError("--agent is for --local-agents") }
    guard (0.1...3_600).contains(heartbeat) else { throw ValidationError("--heartbeat is from 0.1 to 3600 seconds") }
    guard (1...1_000).contains(connectionsPerAddress) else {
      throw ValidationError("--connections-per-address is from 1 to 1000")
    }
    guard (1...64 << 20).contains(window) else { throw ValidationError("--window is from 1 to 67108864 bytes") }
  }

  func run() async throws {
    ProcessMemory.keepPrivate(startsOthers: localAgents)
    _ = Descriptors.fillStandard()
    guard let address = ListenAddress(listen) else { throw ExitCode(ExitStatus.usage) }
    var settings = HubSettings(folder: try folder.path(), listen: address)
    settings.lives.session = sessionTokenLife * 1000
    settings.session.window = window
    settings.session.quota = sessionQuota.bytes
    settings.session.heartbeatInterval = Int64((heartbeat * 1_000).rounded())
    settings.session.heartbeatTimeout = Int64((heartbeat * 2_500).rounded())
    settings.limits.connectionsPerNetwork = connectionsPerAddress
    settings.devicesTrustSystem = systemCa
    settings.approvesPairing = approvePairing
    settings.loopbackPort = httpLoopback
    if localAgents { settings.localAgents = HubSettings.LocalAgents(agents: agent) }
    settings.trustedProxies = trustedProxy.compactMap { AddressRange($0) }
    if let tlsCert, let tlsKey { settings.certificate = .init(chain: tlsCert, key: tlsKey) }
    do throws(HubError) {
      if let publicUrl { settings.publicURL = try PublicURL(publicUrl) }
      try await Hub.serve(settings)
    } catch {
      throw failure(error)
    }
  }
}
