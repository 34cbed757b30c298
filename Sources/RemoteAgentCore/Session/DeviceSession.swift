/// A device's side of one session, over any number of connections (PROTOCOL sections 4 and 5), without I/O. How a connection is
/// made, kept and lost is in `DeviceConnection`.
///
/// Rules: nothing sequenced is sent before the hub's hello; what is not acknowledged is sent again from its cursor; at most
/// the hub's window is unacknowledged; controls, acknowledgements and heartbeats pass before the lines and whatever the
/// window. A refusal that won't change ends the session wherever it is; once the hub has acknowledged everything, nothing does.
///
/// The driver calls an input, then `nextAction` until it gives nil, and again at `deadline`.
package struct DeviceSession: ConnectedDevice, Sendable {
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

  static let messageLimit = 1 << 20

  let configuration: Configuration
  package var connection: DeviceConnection
  var replay: ReplayBuffer
  var controls = ControlQueue()

  // Of the present connection.
  var window = 8 << 20
  var messageLimit = DeviceSession.messageLimit
  var acknowledgedControl: Int64 = 0
  /// The highest control that the hub has named on this connection: it may have lost what it sent on another, and an
  /// acknowledgement beyond what it knows would be a mistake to it.
  var namedControl: Int64 = 0

  // Of the session.
  /// What the driver is to know before anything that its connection wants.
  var actions: [Action] = []
  var isInputEnded = false
  /// When the newest line happened, Unix milliseconds.
  var newestTs: Int64?
  /// The highest cursor that the hub ever told; nil before its first hello.
  var cursor: Int64?

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
    connection = DeviceConnection(
      for: .session, tool: configuration.tool, platform: configuration.platform, clientId: configuration.clientId,
      random: random)
    replay = ReplayBuffer(limit: configuration.bufferLimit, position: spool.released, numbers: spool.numbers)
    replay.leftBehind(spool.position - spool.released)
    if let loss = spool.loss {
      replay.noteDiscarded(from: loss.from, through: loss.through, bytes: loss.bytes, reason: loss.reason)
    }
    controls = ControlQueue(cursor: spool.writtenControl)
    isInputEnded = spool.isEnded
  }
}
