/// The life of a device's connection to the hub, over any number of them (PROTOCOL sections 4 and 5), without I/O: what a session
/// and the device channel have in common.
///
///                    connect                 connected               hub's hello
///     idle ──start──► connecting ───────────► greeting ──────────────► streaming ──close──► closing ──► finished
///                      ▲   │ connectFailed       │ lost                  │ lost                │ lost, or 2 s
///                      │   ▼                     ▼                       ▼                     ▼
///                      └─ waiting ◄──────────────┴───────────────────────┘                  finished
///
/// Its owner says what goes out besides the handshake, the token's renewal and the heartbeat, and when nothing is left to do
/// (`isDone`): from then on no loss and no refusal matters.
package struct DeviceConnection: Sendable {
  package enum Purpose: Sendable {
    case session
    /// Nothing need come on it for long, so that a connection that was good for a minute counts as progress.
    case channel
  }

  enum Phase {
    case idle
    case waiting(until: Milliseconds)
    case connecting
    case greeting(since: Milliseconds)
    case streaming(since: Milliseconds)
    case closing(since: Milliseconds)
    case finished
  }

  /// Accept to hello, and the last close, in milliseconds (PROTOCOL section 6 and section 4, error and close).
  static let helloTimeout: Milliseconds = 10_000
  static let closeTimeout: Milliseconds = 2_000
  /// How long the hub has to answer after the network changed, in milliseconds.
  static let probeTimeout: Milliseconds = 5_000

  let purpose: Purpose
  /// `ra-tunnel/0.1.0`
  private let tool: String
  /// `linux-x86_64`
  private let platform: String
  /// The hub's name of the device; nil if it is not known.
  let clientId: String?
  var phase = Phase.idle
  var backoff = Backoff()
  var random: any RandomNumberGenerator & Sendable

  // Of the present connection.
  var heartbeat = Heartbeat(now: 0)
  /// What goes out before anything else: the hello, `auth`.
  var outbox: [[UInt8]] = []
  /// A ping and the newest pong wait until the connection takes another message: a flood leaves one of each.
  var owesPing = false
  var owedPong: JSON?
  /// Something must have come by then.
  var probeUntil: Milliseconds?
  var renewal = TokenRenewal()
  var hubError: (code: String, message: String, retryAfter: Milliseconds?)?

  // Of all of them.
  var actions: [Action] = []
  /// Whether a hub has ever greeted us.
  var hasGreeted = false
  /// RFC 6455 violations in a row without progress.
  var fruitless = 0
  /// Refused tokens in a row without progress or a good connection.
  var unauthorized = 0

  init(
    for purpose: Purpose, tool: String, platform: String, clientId: String?,
    random: any RandomNumberGenerator & Sendable
  ) {
    self.purpose = purpose
    self.tool = tool
    self.platform = platform
    self.clientId = clientId
    self.random = random
  }

  /// What each hello of the device begins with.
  var helloMembers: [JSON.Member] {
    [.init("protocol", 1), .init("tool", .string(tool)), .init("platform", .string(platform))]
  }

  var isStreaming: Bool { if case .streaming = phase { true } else { false } }
  var isFinished: Bool { if case .finished = phase { true } else { false } }
  /// Whether what comes is of interest: not after our close.
  var isReading: Bool {
    switch phase {
    case .greeting, .streaming: true
    case .idle, .waiting, .connecting, .closing, .finished: false
    }
  }
}
