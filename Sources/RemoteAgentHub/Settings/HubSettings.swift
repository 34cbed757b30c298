package import RemoteAgentCore

/// All that a hub is told at its start.
package struct HubSettings: Sendable {
  /// PEM files of a certificate that the hub did not make itself.
  package struct CertificateFiles: Sendable, Equatable {
    package let chain: String
    package let key: String

    package init(chain: String, key: String) {
      self.chain = chain
      self.key = key
    }
  }

  /// How agents are started on the hub's own machine.
  package struct LocalAgents: Sendable, Equatable {
    /// Those that may be started whatever the settings of the hub's user say.
    package var agents: [String] = []
    /// What takes the starts; nil: the `ra-run` beside this program.
    package var program: String?

    package init(agents: [String] = [], program: String? = nil) {
      self.agents = agents
      self.program = program
    }
  }

  /// Where everything of the hub's is kept; made with mode 0700 if it is not there.
  package var folder: String
  package var listen: ListenAddress
  /// Nil: the hub has a CA and a certificate of its own in its folder.
  package var certificate: CertificateFiles?
  /// The origin under which devices reach the hub from elsewhere (behind a proxy or another name); `https`, no path.
  package var publicURL: PublicURL?
  /// Whether devices are told to trust the system's authorities also if the hub has a CA of its own: a proxy before it has
  /// a certificate of theirs.
  package var devicesTrustSystem = false
  /// The port on 127.0.0.1 on which people are served in plain HTTP, too; 0 lets the system choose.
  package var loopbackPort: Int?
  /// Has agents started on the hub's own machine, too.
  package var localAgents: LocalAgents?
  /// Proxies whose `X-Forwarded-For` is believed.
  package var trustedProxies: [AddressRange] = []
  package var lives: TokenLives
  package var session: HubSession.Configuration
  package var limits = ConnectionLimits()
  package var attempts = CodeAttempts()
  /// Whether somebody has to approve of a device that has a pairing code, too.
  package var approvesPairing = false
  package var grants = DeviceGrantLimits()
  package var rates = DeviceRates()
  package var clock = HubClock.system
  /// How long a stop may take, in seconds, before what is left is cut.
  package var stopSeconds: Int64 = 10

  package static let version = "ra-hub/0.1.0"

  package init(folder: String, listen: ListenAddress) {
    self.folder = folder
    self.listen = listen
    lives = TokenLives()
    session = HubSession.Configuration(server: Self.version)
  }
}
