/// A device's side of one session, over any number of connections (PROTOCOL sections 4 and 5), without I/O.
///
///                    connect                 connected               hub's hello
///     idle ──start──► connecting ───────────► greeting ──────────────► streaming ──end acknowledged──► closing ──► finished
///                      ▲   │ connectFailed       │ lost                  │ lost                          │ lost, or 2 s
///                      │   ▼                     ▼                       ▼                               ▼
///                      └─ waiting ◄──────────────┴───────────────────────┘                            finished
///
/// Rules: nothing sequenced is sent before the hub's hello; what is not acknowledged is sent again from its cursor; at most
/// the hub's window is unacknowledged; controls, acknowledgements and heartbeats pass before the lines and whatever the
/// window. A refusal that won't change ends the session wherever it is; once the hub has acknowledged everything, nothing does.
///
/// The driver calls an input, then `nextAction` until it gives nil, and again at `deadline`.
package struct DeviceSession: Sendable {
  package struct Configuration: Sendable {
    package var session: SessionDescription
    /// The hub's name of the device; nil if it is not known.
    package var clientId: String?
    /// `ra-tunnel/0.1.0`
    package var tool: String
    /// `linux-x86_64`
    package var platform: String
    /// Bytes held from which on the driver takes in no more (PROTOCOL section 6: 8 MiB).
    package var bufferLimit = 8 << 20
    /// Bytes that one message gathers at most, if more than a line is ready.
    package var messageSize = 64 << 10

    package init(session: SessionDescription, tool: String, platform: String) {
      self.session = session
      self.tool = tool
      self.platform = platform
    }
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
  static let messageLimit = 1 << 20
  /// How long the hub has to answer after the network changed, in milliseconds.
  static let probeTimeout: Milliseconds = 5_000

  let configuration: Configuration
  var phase = Phase.idle
  var replay: ReplayBuffer
  var controls = ControlQueue()
  var backoff = Backoff()
  var random: any RandomNumberGenerator & Sendable

  // Of the connection.
  var heartbeat = Heartbeat(now: 0)
  /// What goes out before anything else: the hello, a gap, `auth`.
  var outbox: [[UInt8]] = []
  /// A ping and the newest pong wait until the connection takes another message: a flood leaves one of each.
  var owesPing = false
  /// Something must have come by then.
  var probeUntil: Milliseconds?
  var owedPong: JSON?
  var window = 8 << 20
  var messageLimit = DeviceSession.messageLimit
  var acknowledgedControl: Int64 = 0
  /// The highest control that the hub has named on this connection: it may have lost what it sent on another, and an
  /// acknowledgement beyond what it knows would be a mistake to it.
  var namedControl: Int64 = 0
  var renewal = TokenRenewal()
  var hubError: (code: String, message: String, retryAfter: Milliseconds?)?

  // Of the session.
  var actions: [Action] = []
  var isInputEnded = false
  var hasGreeted = false
  /// When the newest line happened, Unix milliseconds.
  var newestTs: Int64?
  /// The highest cursor that the hub ever told; nil before its first hello.
  var cursor: Int64?
  /// RFC 6455 violations in a row without progress.
  var fruitless = 0
  /// Refused tokens in a row without progress or a good connection.
  var unauthorized = 0

  /// Whether what there is no room for stands in a spool, and can be fetched.
  let hasSpool: Bool

  /// A new session without a spool: the driver takes in no more than there is room for.
  package init(configuration: Configuration, random: any RandomNumberGenerator & Sendable) {
    self.init(configuration: configuration, hasSpool: false, spool: SpoolState(), random: random)
  }

  /// A session with a spool, new or going on: all that the spool holds is behind, and is fetched.
  package init(configuration: Configuration, spool: SpoolState, random: any RandomNumberGenerator & Sendable) {
    self.init(configuration: configuration, hasSpool: true, spool: spool, random: random)
  }

  private init(
    configuration: Configuration, hasSpool: Bool, spool: SpoolState, random: any RandomNumberGenerator & Sendable
  ) {
    var configuration = configuration
    configuration.session = configuration.session.bounded
    self.configuration = configuration
    self.hasSpool = hasSpool
    self.random = random
    replay = ReplayBuffer(limit: configuration.bufferLimit, position: spool.released, numbers: spool.numbers)
    replay.leftBehind(spool.position - spool.released)
    if let loss = spool.loss {
      replay.noteDiscarded(from: loss.from, through: loss.through, bytes: loss.bytes, reason: loss.reason)
    }
    controls = ControlQueue(cursor: spool.writtenControl)
    isInputEnded = spool.isEnded
  }
}
