import DequeModule

/// The hub's side of one connection of a device (PROTOCOL section 4), without I/O and without the store.
///
///                 hello               opened
///     greeting ─────────► opening ─────────────► streaming ──error, revoked …──► closing ──all committed──► closed
///
/// Rules: what arrives in order is handed out to be stored, once; it is acknowledged after `committed` and never before;
/// a number at or below the cursor is a duplicate, acknowledged again. After an error nothing more is taken in, but what
/// came before it is still stored and acknowledged before the close. An envelope that would take the session beyond its quota
/// is such an error; the session's hello is not.
///
/// A hello without a session opens the device channel (`HubSession+Channel`), with the same states.
///
/// The driver calls an input, then `nextEffect` until it gives nil, and again at `deadline`. It reads no further while
/// `wantsInput` is false (that, and late acknowledgements, is the backpressure).
package struct HubSession: Sendable {
  package struct Configuration: Sendable {
    /// `ra-hub/0.1.0`
    package var server: String
    package var heartbeatInterval = Heartbeat.defaultInterval
    package var heartbeatTimeout = Heartbeat.defaultTimeout
    /// The largest message in bytes, at least 1 MiB.
    package var messageLimit = 1 << 20
    /// Bytes of messages that a device may have unacknowledged.
    package var window = 8 << 20
    /// Bytes of envelopes that may be stored of a session; 0 is no bound.
    package var quota: Int64 = 0

    package init(server: String) {
      self.server = server
    }
  }

  enum Phase {
    case greeting(since: Milliseconds)
    case opening
    case streaming
    /// Waiting for commits, then the close; at `until`, if there is one, it waits no longer.
    case closing(code: UInt16, error: JSON?, until: Milliseconds?)
    case closed
  }

  static let helloTimeout: Milliseconds = 10_000
  /// How long the close of a device that is refused from now on waits for commits: it has to be out within a second.
  static let revocationGrace: Milliseconds = 500

  let configuration: Configuration
  let clientId: String
  var phase: Phase
  var heartbeat: Heartbeat
  var tokenExpiry: Milliseconds
  /// When the device itself expires, if it does.
  var deviceExpiry: Milliseconds?
  var effects: Deque<Effect> = []
  /// Of the hello; empty on a device channel whose hello has none.
  var sessionId = ""
  /// Whether it is the device's own channel, and no session's.
  var isChannel = false

  /// All up to it was taken in on this connection or is stored.
  var taken: Int64 = 0
  /// All up to it is durable.
  var durable: Int64 = 0
  var isEnded = false
  /// Bytes of the session's envelopes that are stored or were taken in on this connection.
  var takenBytes: Int64 = 0
  var owesAcknowledgement = false
  var uncommittedBytes = 0
  /// The bytes of each batch given out and not yet answered.
  var uncommitted: Deque<Int> = []
  /// The highest control that was sent on this connection or, before it, acknowledged.
  var highestControl: Int64 = 0
  /// The highest number that was ever given to a control of the session: on an older connection it may have been sent.
  var controlsGiven: Int64 = 0
  /// What the device acknowledged before its session was open.
  var heldAcknowledgement: Int64 = 0
  /// All up to it was acknowledged by the device.
  var acknowledgedControl: Int64 = 0
  /// Whether a new token is being checked: one at a time.
  var isAuthenticating = false

  /// The upgrade was accepted; the session token lives `tokenLife` milliseconds from now.
  package init(configuration: Configuration, clientId: String, tokenLife: Milliseconds, now: Milliseconds) {
    self.configuration = configuration
    self.clientId = clientId
    phase = .greeting(since: now)
    tokenExpiry = now + tokenLife
    heartbeat = Heartbeat(
      interval: configuration.heartbeatInterval, timeout: configuration.heartbeatTimeout, now: now)
  }
}
