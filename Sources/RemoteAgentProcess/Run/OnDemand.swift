package import RemoteAgentCore

/// Decides all that `ra-run --on-demand` does: which of the starts that come from the hub become a session, what the hub
/// is told of them, when the device channel is opened again, and how all of it ends.
///
///              started              its end                    time
///     channel: ─────► open ─────────────────────► waiting ────────────► started again
///                      │  all is ending, and no session is left
///                      ▼
///                    closing ─────► over
///
/// - Each session is a pipeline of its own, so that none can end another, and the channel none.
/// - A control's number is taken once: the tunnel may write a line again. What is not carried out is refused with the reason.
/// - Answers are told again to a channel that is opened again: whether the hub has them is not known, and twice is harmless.
///   Not if the device was paired again meanwhile: another's controls had these numbers.
/// - A first signal is passed on to the sessions, which deliver what is left; another, 200 ms later at the earliest, means the
///   tunnels too.
/// - Channels that the hub or the settings refuse are not opened again: what runs goes on, and then all ends.
package struct OnDemand: Sendable {
  /// Answers that are kept for a channel that is opened again.
  static let mostAnswers = 64
  /// Channels in a row that may end without a word of the hub.
  static let mostSilentChannels = 10
  /// From the end of the channel's input to SIGTERM, and from that to SIGKILL.
  static let closingTime: Milliseconds = 10_000
  static let killTime: Milliseconds = 5000
  static let signalSpacing: Milliseconds = 200

  /// What the session of a start is.
  package struct Start: Sendable, Equatable {
    /// The control's number, which names the session here.
    package let seq: Int64
    package let session: String
    package let agent: String
    package let arguments: [String]
    /// Resolved.
    package let folder: String
    package let prompt: String?
    package let title: String?
    /// Whether it is for many prompts.
    package let isSession: Bool
    /// What may be done to it.
    package let policy: ControlPolicy

    package init(
      seq: Int64, session: String, agent: String, arguments: [String], folder: String, prompt: String?, title: String?,
      isSession: Bool, policy: ControlPolicy
    ) {
      self.seq = seq
      self.session = session
      self.agent = agent
      self.arguments = arguments
      self.folder = folder
      self.prompt = prompt
      self.title = title
      self.isSession = isSession
      self.policy = policy
    }
  }

  package enum Part: Sendable, Equatable { case spawn, tunnel }

  package enum Effect: Sendable, Equatable {
    /// Start the channel's tunnel; `channelNotStarted` if that can't be.
    case openChannel
    /// Write a line to it.
    case tell([UInt8])
    /// End its input, after what was told.
    case closeChannel
    case signalChannel(Int32)
    /// Start a session; answer with `sessionStarted` or `sessionNotStarted`.
    case start(Start)
    case signal(Int64, Part, Int32)
    /// Start what delivers what earlier sessions left; `drainNotStarted` if that can't be.
    case drain
    case signalDrain(Int32)
    /// Tell the person on standard error.
    case note(String)
    case warn(String)
    case fail(String, hint: String?)
    /// All is over.
    case finish(Int32)
  }

  enum Channel: Equatable {
    /// - heardAt: when the hub's hello came.
    case open(heardAt: Milliseconds?)
    case waiting(until: Milliseconds)
    case closing(next: Milliseconds, signal: Int32)
    case over
  }

  enum Ending: Equatable {
    case signal(at: Milliseconds)
    /// After a second signal.
    case forced(Int32)
    case channel(Int32)

    var status: Int32 {
      switch self {
      case .signal: ExitStatus.done
      case .forced(let signal): ExitStatus.killed(bySignal: signal)
      case .channel(let status): status
      }
    }

    /// As a refusal has it.
    var reason: String { "ra-run is ending on this device" }
  }

  struct Session: Equatable {
    let start: Start
    var spawn: WaitStatus?
    var tunnel: WaitStatus?
  }

  let folder: String
  let limit: Int
  let resolveFolder: @Sendable (String) -> String?
  let readsInput: Bool
  let drainsLeft: Bool
  let hasSessionMode: @Sendable (String, _ prompt: String?) throws(ControlRefusal) -> Bool

  var channel = Channel.over
  var backoff = Backoff()
  var silentChannels = 0
  var framer = LineFramer(limit: ControlLine.limit)
  /// The hub's name of this device, which may be paired again while we run.
  var clientId: String?
  var lastControl: Int64 = 0
  var answers: [[UInt8]] = []
  var sessions: [Int64: Session] = [:]
  var drain = Drain.none
  var isDrainDue: Bool
  var hasReasonToDrain = false
  var ending: Ending?
  var isFinished = false
  private var effects: [Effect] = []

  /// - Parameters:
  ///   - folder: where agents run if a start names no folder; resolved.
  ///   - limit: sessions at a time.
  ///   - resolveFolder: a path without symbolic links, `.` and `..`; nil if it is not there.
  ///   - readsInput: whether an agent of one run reads what the hub writes.
  ///   - drainsLeft: whether what earlier sessions left is delivered.
  ///   - hasSessionMode: whether an agent is one for many prompts; throws why it can't be started as such, or with this prompt,
  ///     or isn't known.
  package init(
    folder: String, limit: Int, readsInput: Bool = false, drainsLeft: Bool = false,
    resolveFolder: @escaping @Sendable (String) -> String?,
    hasSessionMode: @escaping @Sendable (String, _ prompt: String?) throws(ControlRefusal) -> Bool
  ) {
    self.folder = folder
    self.limit = limit
    self.readsInput = readsInput
    self.drainsLeft = drainsLeft
    isDrainDue = drainsLeft
    self.resolveFolder = resolveFolder
    self.hasSessionMode = hasSessionMode
  }

  /// The next thing to do; nil if there is nothing now.
  package mutating func nextEffect() -> Effect? { effects.isEmpty ? nil : effects.removeFirst() }

  mutating func add(_ effect: Effect) { effects.append(effect) }

  /// How many sessions run.
  package var running: Int { sessions.count }

  /// When to call `timePassed` at the latest.
  package var deadline: Milliseconds? {
    var drainDeadline: Milliseconds?
    if case .ending(let next, _) = drain { drainDeadline = next }
    return [channelDeadline, drainDeadline].compactMap { $0 }.min()
  }

  private var channelDeadline: Milliseconds? {
    switch channel {
    case .waiting(let until): until
    case .closing(let next, _): next
    case .open, .over: nil
    }
  }

  /// ra-run begins: the channel is opened.
  package mutating func begin() {
    channel = .open(heardAt: nil)
    add(.openChannel)
  }

  /// A signal for ra-run came.
  package mutating func signalled(_ number: Int32, at now: Milliseconds) {
    var isSecond = false
    switch ending {
    case .signal(let first):
      guard now >= first + OnDemand.signalSpacing else { return }
      ending = .forced(number)
      isSecond = true
    case .forced: isSecond = true
    case .channel, nil:
      ending = .signal(at: now)
      if !sessions.isEmpty {
        add(
          .note(
            "\(OnDemand.sessions(sessions.count)) end\(sessions.count == 1 ? "s" : ""); again, and nothing is waited for"
          ))
      }
    }
    for (seq, session) in sessions.sorted(by: { $0.key < $1.key }) {
      if session.spawn == nil { add(.signal(seq, .spawn, number)) }
      if isSecond || session.spawn != nil, session.tunnel == nil { add(.signal(seq, .tunnel, number)) }
    }
    if isSecond, case .closing = channel {
      add(.signalChannel(15))
      channel = .closing(next: now + OnDemand.killTime, signal: 9)
    }
    if isSecond { hastenDrain(at: now) }
    endIfIdle(at: now)
  }

  /// Does what is due.
  package mutating func timePassed(at now: Milliseconds) {
    drainTimePassed(at: now)
    guard let channelDeadline, now >= channelDeadline else { return }
    switch channel {
    case .waiting:
      channel = .open(heardAt: nil)
      add(.openChannel)
    case .closing(_, let signal):
      add(.signalChannel(signal))
      channel = .closing(next: now + OnDemand.killTime, signal: 9)
    case .open, .over: break
    }
  }

  /// Where all is ending and no session is left, the channel goes and what delivers others' rest, and then ra-run.
  mutating func endIfIdle(at now: Milliseconds) {
    guard let ending, sessions.isEmpty, !isFinished else { return }
    endDrain(at: now)
    switch channel {
    case .open:
      add(.closeChannel)
      channel = .closing(next: now + OnDemand.closingTime, signal: 15)
    case .closing: break
    case .waiting, .over:
      channel = .over
      guard drain == .none else { return }
      isFinished = true
      add(.finish(ending.status))
    }
  }

  static func sessions(_ count: Int) -> String { "\(count) session\(count == 1 ? "" : "s")" }
}
