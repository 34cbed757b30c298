import Glibc
package import RemoteAgentCore

/// Decides all that ra-spawn does: when its agent is started, prompted, signalled and given up, what its output becomes,
/// and how ra-spawn ends.
///
///            started            exited                streams and tree ended
///     starting ────► running ─────────────► draining ────────────────────────► ended, or idle (`stays`)
///         │                                                                          │
///         └─ not started ─► ended, or idle                                    start ─┘
///
/// - One agent at a time. A turn at a time: the next prompt is sent when the last one's result has come (claude merges
///   prompts that come while it is busy).
/// - What the agent leaves behind has a second from its exit to close the output; then it is ended.
/// - A first signal is passed on; another, 200 ms later at the earliest, kills. (A terminal and a wrapper may both send one.)
/// - Control is answered in every state.
package struct SpawnSession {
  static let drainTime: Milliseconds = 1000
  static let leftoverGrace: Milliseconds = 500
  static let stopGrace: Milliseconds = 5000
  static let signalSpacing: Milliseconds = 200
  /// From the end of the agent's input to SIGTERM: some never exit after their last result.
  static let endOfInputTime: Milliseconds = 10_000
  /// From the end of a prompt's life, as the agent tells it, to giving up its result.
  static let resultTime: Milliseconds = 5000
  /// What may still be in a pipe that somebody out of our reach holds open.
  static let pipeCapacity = 1 << 20

  enum Life: Equatable {
    case idle
    case starting
    case running
    /// The agent has ended.
    case draining(WaitStatus)
    case ended
  }

  /// What the owner runs.
  let own: SpawnSettings
  /// What runs now, or ran last: a hub may have started another one.
  package private(set) var settings: SpawnSettings
  let resolveFolder: (String) -> String?
  let makeUUID: () -> String
  var life = Life.idle
  var output: AgentOutput
  var effects: [SpawnEffect] = []

  // The agent.
  var startedAt: Milliseconds = 0
  var openStreams = 0
  var isTreeGone = false
  var hasEndedTree = false
  var drainUntil: Milliseconds?
  var drained = 0
  /// When SIGTERM is followed by the end of the tree.
  var killAt: Milliseconds?
  /// A stop that came before the agent was there.
  var pendingSignal: Int32?
  var lastStatus: Int32?

  // The person.
  var firstSignalAt: Milliseconds?
  /// How ra-spawn ends if its output can't be written any more.
  var brokenEnd: SpawnEnd?
  var isOutputBlocked = false
  /// Whether what the person types stands on the terminal that shows the agent's text.
  let showsTyping: Bool
  /// Where the session can be seen, as soon as the hub has told it.
  var page: String?

  // Control.
  /// An envelope of 1 MiB, and what ra-tunnel adds to it.
  var controlFramer = LineFramer(limit: (1 << 20) + 4096)
  var controlIsOpen: Bool
  var lastControl: Int64 = 0
  var pendingStart: Int64?

  // Prompts.
  var promptFramer = LineFramer(limit: 1 << 20)
  var prompts: [Prompt] = []
  var promptsEnded: Bool
  var isInputClosed = false
  /// When an agent whose input is closed gets SIGTERM.
  var terminateAt: Milliseconds?
  var turns = 0
  var turn: Turn?
  var lastOutcome: TurnOutcome?

  struct Prompt {
    let text: String
    /// The control that brought it, and is answered.
    var control: Int64?
    let origin: PromptOrigin
  }

  struct Turn {
    let uuid: String?
    var giveUpAt: Milliseconds?
  }

  enum TurnOutcome: String { case ok, error, incomplete }

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
    output = AgentOutput(profile: settings.profile, rules: rules, echoEscapes: echoEscapes)
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
    [isOutputBlocked ? nil : drainUntil, killAt, terminateAt, turn?.giveUpAt].compactMap { $0 }.min()
  }

  /// Whether the agent's output is to be read: not before it is known to run, so that `running` comes first.
  package var isRunning: Bool { life != .starting }

  /// Whether somebody can still send prompts by control.
  var mayBePrompted: Bool { mayStay && settings.policy.prompts }

  /// Whether somebody can still have an agent started.
  var mayBeStarted: Bool { mayStay && settings.policy.allowsStart }

  private var mayStay: Bool { settings.stays && controlIsOpen && firstSignalAt == nil && brokenEnd == nil }

  /// Whether the agent has been told to end, so that no more is asked of it.
  var isEnding: Bool { isInputClosed || killAt != nil || firstSignalAt != nil || brokenEnd != nil }
}

// MARK: - The agent's life

extension SpawnSession {
  /// ra-spawn begins: its agent is started.
  package mutating func begin(at moment: Moment) {
    greet()
    start(at: moment)
  }

  /// Starts the owner's agent, or what a hub asked for.
  mutating func start(_ start: ControlAction.Start = .init(), at moment: Moment) {
    settings = own.starting(start)
    life = .starting
    startedAt = moment.now
    output.restart(profile: settings.profile)
    openStreams = 2
    (isTreeGone, hasEndedTree, isInputClosed) = (false, false, false)
    (drainUntil, killAt, terminateAt, turn, lastOutcome) = (nil, nil, nil, nil, nil)
    drained = 0
    status(
      "starting",
      [
        "agent": .string(AgentProfile.baseName(settings.agent)),
        "argv": .array(([settings.agent] + settings.arguments).map { .string($0) }),
        "cwd": .string(settings.folder), "mode": .string(settings.mode.rawValue),
      ], at: moment)
    effects.append(.start)
  }

  package mutating func agentStarted(processID: Int32, at moment: Moment) {
    guard life == .starting else { return }
    life = .running
    status("running", ["pid": .integer(Int64(processID))], at: moment)
    if let seq = pendingStart { answer(seq, at: moment) }
    pendingStart = nil
    if let signal = pendingSignal {
      effects.append(.signal(signal))
      pendingSignal = nil
    }
    sendNextPrompt(at: moment)
  }

  package mutating func agentNotStarted(_ failure: StartFailure, at moment: Moment) {
    guard life == .starting else { return }
    status("error", ["code": .string(failure.code), "message": .string(failure.message)], at: moment)
    effects.append(.fail(failure.message, hint: nil))
    let wasByControl = pendingStart != nil
    if let seq = pendingStart { answer(seq, refused: failure.message, at: moment) }
    pendingStart = nil
    dropPrompts(because: "the agent could not be started", at: moment)
    lastStatus = failure.exitStatus
    if wasByControl, mayBeStarted { life = .idle } else { finish() }
  }

  package mutating func agentExited(_ status: WaitStatus, at moment: Moment) {
    guard life == .running || life == .starting else { return }
    life = .draining(status)
    (killAt, terminateAt) = (nil, nil)
    drainUntil = moment.now + SpawnSession.drainTime
    streamsChanged(at: moment)
  }

  /// Nothing is left of what the agent started, save `survivors` that we may not end.
  package mutating func treeEnded(survivors: Int, at moment: Moment) {
    isTreeGone = true
    if survivors > 0 { effects.append(.warn("\(survivors) processes of the agent could not be ended")) }
    drainUntil = moment.now + SpawnSession.drainTime
    streamsChanged(at: moment)
  }

  /// The guard was killed, and the tree with it; `status` is the agent's, if it is known.
  package mutating func guardLost(_ status: WaitStatus?, survivors: Int, at moment: Moment) {
    let message = "the agent's guard was killed, and so is the agent"
    self.status("error", ["code": "guard_lost", "message": .string(message)], at: moment)
    effects.append(.fail(message, hint: nil))
    if life == .starting { agentStarted(processID: 0, at: moment) }
    agentExited(status ?? .killed(signal: SIGKILL), at: moment)
    treeEnded(survivors: survivors, at: moment)
  }

  /// Bytes of the agent's output; nil for the end of the stream.
  package mutating func outputRead(_ bytes: UnsafeRawBufferPointer?, stream: LogStream, at moment: Moment) {
    for event in output.read(bytes, stream: stream, ts: moment.wall) { agentTold(event, at: moment) }
    guard let bytes else {
      openStreams -= 1
      streamsChanged(at: moment)
      return
    }
    // Who still writes after all is gone is out of our reach, and may not hold us for ever.
    if isTreeGone {
      drained += bytes.count
      if drained <= SpawnSession.pipeCapacity { drainUntil = moment.now + SpawnSession.drainTime }
    }
  }

  /// Our own readers don't keep up, or do again: time to drain counts only while they do.
  package mutating func outputBecame(blocked: Bool, at moment: Moment) {
    guard blocked != isOutputBlocked else { return }
    isOutputBlocked = blocked
    if !blocked, drainUntil != nil { drainUntil = moment.now + SpawnSession.drainTime }
  }

  mutating func streamsChanged(at moment: Moment) {
    guard case .draining(let status) = life else { return }
    if isTreeGone, openStreams == 0 {
      agentEnded(status, at: moment)
    } else if openStreams == 0 {
      endLeftovers()
    }
  }

  private mutating func endLeftovers() {
    guard !hasEndedTree, !isTreeGone else { return }
    hasEndedTree = true
    drainUntil = nil
    effects.append(.endTree(grace: SpawnSession.leftoverGrace))
  }

  private mutating func agentEnded(_ ending: WaitStatus, at moment: Moment) {
    // A stream that was given up may hold the beginning of a line.
    for stream in [LogStream.stdout, .stderr] { _ = output.read(nil, stream: stream, ts: moment.wall) }
    drainUntil = nil
    effects.append(.closeStreams)
    endTurn(.incomplete, detail: "the agent ended without a result", at: moment)
    dropPrompts(because: "the agent has ended", at: moment)
    lastStatus = ending.exitStatus
    var members: [(String, JSON)] = []
    switch ending {
    case .exited(let code): members.append(("code", .integer(Int64(code))))
    case .killed(let signal): members.append(("signal", .string(Signals.name(signal))))
    }
    let outcome = lastOutcome == .incomplete || ending == .exited(code: 0) ? lastOutcome ?? .ok : .error
    members.append(("durationMs", .integer(moment.now - startedAt)))
    members.append(("outcome", .string(outcome.rawValue)))
    if output.redacted > 0 { members.append(("redacted", .integer(Int64(output.redacted)))) }
    status("exited", .object(members.map { JSON.Member($0.0, $0.1) }), at: moment)
    guard mayBeStarted else { return finish() }
    life = .idle
    tellIdle()
  }

  mutating func finish() {
    life = .ended
    effects.append(.finish(brokenEnd ?? .exit(lastStatus ?? ExitStatus.done)))
  }

  mutating func status(_ state: String, _ members: JSON, at moment: Moment) {
    output.status(.object([JSON.Member("state", .string(state))] + (members.members ?? [])), ts: moment.wall)
  }
}

// MARK: - Ends

extension SpawnSession {
  /// A signal for ra-spawn came: it is the agent's.
  package mutating func signalled(_ number: Int32, at moment: Moment) {
    if let first = firstSignalAt {
      guard moment.now >= first + SpawnSession.signalSpacing else { return }
      effects.append(.endTree(grace: 0))
      effects.append(.abandonOutput)
      return
    }
    firstSignalAt = moment.now
    switch life {
    case .idle:
      lastStatus = lastStatus ?? ExitStatus.killed(bySignal: number)
      finish()
    case .starting: pendingSignal = number
    case .running: effects.append(.signal(number))
    case .draining: endLeftovers()
    case .ended: effects.append(.abandonOutput)
    }
  }

  /// Our output can't be written any more: nobody reads it (EPIPE), or it failed.
  package mutating func outputBroke(_ end: SpawnEnd = .brokenPipe, at moment: Moment) {
    guard !settings.continuesWhenBroken, brokenEnd == nil else { return }
    brokenEnd = end
    switch life {
    case .idle: finish()
    case .starting, .running: terminate(grace: SpawnSession.stopGrace, at: moment)
    case .draining: endLeftovers()
    case .ended: break
    }
  }

  /// SIGTERM for the agent, and the end of the tree after `grace`.
  mutating func terminate(grace: Milliseconds, at moment: Moment) {
    terminateAt = nil
    if grace == 0 {
      effects.append(.endTree(grace: 0))
      return
    }
    if life == .starting { pendingSignal = SIGTERM } else { effects.append(.signal(SIGTERM)) }
    killAt = min(killAt ?? .max, moment.now + grace)
  }

  /// Does what is due.
  package mutating func timePassed(at moment: Moment) {
    if let killAt, moment.now >= killAt {
      self.killAt = nil
      effects.append(.endTree(grace: 0))
    }
    if let terminateAt, moment.now >= terminateAt {
      effects.append(.warn("the agent doesn't end although its input has; it gets SIGTERM"))
      terminate(grace: SpawnSession.stopGrace, at: moment)
    }
    if let giveUpAt = turn?.giveUpAt, moment.now >= giveUpAt {
      endTurn(.incomplete, detail: "the agent gave no result", at: moment)
      sendNextPrompt(at: moment)
    }
    if let drainUntil, !isOutputBlocked, moment.now >= drainUntil, case .draining(let status) = life {
      self.drainUntil = nil
      if isTreeGone { agentEnded(status, at: moment) } else { endLeftovers() }
    }
  }
}
