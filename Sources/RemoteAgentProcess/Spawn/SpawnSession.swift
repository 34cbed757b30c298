import Glibc
package import RemoteAgentCore

/// Decides all that ra-spawn does: when its agent is started, prompted, signalled and given up, what its output becomes,
/// and how ra-spawn ends.
///
///                        started            exited                streams and tree ended
///                 starting ────► running ─────────────► draining ────────────────────────► ended, or idle (`stays`)
///                  ▲  │                                    │                                     │
///     next prompt  │  └─ not started ─► ended, or idle     │ a process a prompt             start ─┘
///                  └──────────────── between ◄─────────────┘
///
/// - One process at a time. A turn at a time: the next prompt is sent when the last one's turn has ended (claude merges
///   prompts that come while it is busy).
/// - What the agent leaves behind has a second from its exit to close the output; then it is ended.
/// - A first signal is passed on; another, 200 ms later at the earliest, kills. (A terminal and a wrapper may both send one.)
/// - Control is answered in every state.
package struct SpawnSession {
  static let drainTime: Milliseconds = 1000
  static let leftoverGrace: Milliseconds = 500
  static let stopGrace: Milliseconds = 5000
  static let signalSpacing: Milliseconds = 200
  /// From asking an agent to leave off to SIGTERM, at most; at most half of the grace.
  static let interruptTime: Milliseconds = 2000
  /// From the last word of an agent that is to end by itself to SIGTERM, if nobody says.
  static let exitTime: Milliseconds = 30_000
  /// From the end of the agent's input to SIGTERM, if nobody says: some never exit after their last result.
  static let endOfInputTime: Milliseconds = 10_000
  /// From the end of a prompt's life, as the agent tells it, to giving up its result.
  static let resultTime: Milliseconds = 5000
  /// From the start of an agent to giving up that it will take prompts.
  static let readyTime: Milliseconds = 120_000
  /// What is told of why a turn ended as it did, in UTF-8 bytes.
  static let longestDetail = 256
  /// What may wait for an agent that reads nothing, in bytes; beyond it is given up.
  package static let mostInput = 8 << 20
  /// What may still be in a pipe that somebody out of our reach holds open.
  static let pipeCapacity = 1 << 20

  enum Life: Equatable {
    case idle
    /// The session is open, and no process runs: the next prompt starts one.
    case between
    case starting
    case running
    /// The process has ended.
    case draining(WaitStatus)
    case ended
  }

  /// What the owner runs.
  let own: SpawnSettings
  /// What runs now, or ran last: a hub may have started another one.
  package internal(set) var settings: SpawnSettings
  package internal(set) var launch = AgentLaunch()
  let resolveFolder: (String) -> String?
  let makeUUID: () -> String
  var life = Life.idle
  var output: AgentOutput
  var effects: [SpawnEffect] = []

  // The process.
  var startedAt: Milliseconds = 0
  var openStreams = 0
  var isTreeGone = false
  var hasEndedTree = false
  var drainUntil: Milliseconds?
  var drained = 0
  /// A signal that came before the process was there.
  var pendingSignal: Int32?
  /// When it last wrote something, or was given something to do.
  var quietSince: Milliseconds = 0
  var inputs = AgentInputs()

  // The talk with it.
  var dialogue: AgentDialogue?
  var heardLines = LineFramer()
  /// Whether it has once been ready for a prompt.
  var hasBeenReady = false
  /// What the next process continues.
  var continuation: String?
  var questions: [Question] = []
  var questionNames = QuestionNames()
  /// How many processes have been started.
  var processes = 0

  // Its end.
  /// When it gets SIGTERM, and what the person is told then.
  var termination: Termination?
  /// It has had SIGTERM from us, since it was to end.
  var isTerminated = false
  /// When SIGTERM is followed by the end of the tree.
  var killAt: Milliseconds?
  var isInputClosed = false
  /// The run is to end: no further prompt is sent.
  var isStopping = false

  // The person.
  var firstSignalAt: Milliseconds?
  /// How ra-spawn ends if its output can't be written any more.
  var brokenEnd: SpawnEnd?
  var isOutputBlocked = false
  /// Whether what the person types stands on the terminal that shows the agent's text.
  let showsTyping: Bool
  var hasGreeted = false
  /// Where the session can be seen, as soon as the hub has told it.
  var page: String?

  // Control.
  var controlFramer = LineFramer(limit: ControlLine.limit)
  var controlIsOpen: Bool
  var lastControl: Int64 = 0
  var pendingStart: Int64?

  // Prompts.
  var promptFramer = LineFramer(limit: 1 << 20)
  var prompts: [Prompt] = []
  var promptsEnded: Bool
  /// The prompt that a process is being started with, its id, and why its turn is not to go on.
  var launching: (prompt: Prompt, id: String, interruption: Interruption?)?
  var turns = 0
  var turn: Turn?
  var result = RunResult()

  struct Termination: Equatable {
    let at: Milliseconds
    let warning: String?
    /// Why it will say no more of its turn, nor take another; nil if it may still.
    var silence: String?
  }

  struct Prompt {
    let text: String
    /// The control that brought it, and is answered.
    var control: Int64?
    let origin: PromptOrigin
  }

  /// - Parameters:
  ///   - rules: what is hidden of the agent's output and of statuses; nil for nothing.
  ///   - echoEscapes: whether readable text of the agent's standard output and error is wanted, and made safe for a
  ///     terminal.
  ///   - resolveFolder: a path without symbolic links, `.` and `..`; nil if it is not there.
  ///   - makeUUID: gives a new UUID at each call.
  package init(
    _ settings: SpawnSettings, rules: RedactionRules? = nil, echoEscapes: (output: Bool, errors: Bool)? = nil,
    resolveFolder: @escaping (String) -> String?, makeUUID: @escaping () -> String
  ) {
    own = settings
    self.settings = settings
    self.resolveFolder = resolveFolder
    self.makeUUID = makeUUID
    output = AgentOutput(rules: rules, echoEscapes: echoEscapes)
    showsTyping = settings.promptsAreTyped && echoEscapes?.output == true
    controlIsOpen = settings.hasControl
    promptsEnded = settings.mode == .raw || !settings.readsPrompts
    prompts = settings.prompts.map { Prompt(text: $0, origin: .other) }
  }

  /// The next thing to do; nil if there is nothing now.
  package mutating func nextEffect() -> SpawnEffect? { effects.isEmpty ? nil : effects.removeFirst() }

  /// What is to be written: the line format, and readable text of the agent's standard output and error.
  package mutating func takeOutput() -> (lines: [UInt8], echo: [UInt8], errorEcho: [UInt8]) { output.takeAll() }

  /// When to call `timePassed` at the latest.
  package var deadline: Milliseconds? {
    [
      isOutputBlocked ? nil : drainUntil, killAt, termination?.at, turn?.giveUpAt, questions.map(\.expiresAt).min(),
      readyBy, idleUntil, runsUntil, silentUntil,
    ].compactMap { $0 }.min()
  }

  /// Whether the agent's output is to be read: not before it is known to run, so that `running` comes first.
  package var isRunning: Bool { life != .starting }

  /// Whether somebody can still send prompts by control.
  var mayBePrompted: Bool { mayStay && settings.policy.prompts }

  /// Whether somebody can still have an agent started.
  var mayBeStarted: Bool { mayStay && settings.policy.allowsStart }

  private var mayStay: Bool { settings.stays && controlIsOpen && firstSignalAt == nil && brokenEnd == nil }

  /// Whether the run has been told to end, so that no more is asked of it.
  var isEnding: Bool { isInputClosed || isStopping || firstSignalAt != nil || brokenEnd != nil }

  /// Whether each prompt has a process of its own.
  var isSingle: Bool { if case .single = settings.way { true } else { false } }

  var isDialogue: Bool { if case .dialogue = settings.way { true } else { false } }

  mutating func status(_ state: String, _ members: JSON, at moment: Moment) {
    output.status(.object([JSON.Member("state", .string(state))] + (members.members ?? [])), ts: moment.wall)
  }
}
