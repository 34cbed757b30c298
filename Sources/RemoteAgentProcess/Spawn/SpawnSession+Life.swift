import Glibc
package import RemoteAgentCore

/// The life of a run, and of its processes.
extension SpawnSession {
  /// ra-spawn begins: its agent is started.
  package mutating func begin(at moment: Moment) {
    greet()
    start(at: moment)
  }

  /// Starts the owner's agent, or what a hub asked for.
  mutating func start(_ start: ControlAction.Start = .init(), at moment: Moment) {
    settings = own.starting(start)
    result.begin(at: moment)
    (isStopping, isInputClosed, continuation) = (false, false, nil)
    switch settings.way {
    case .single:
      life = .between
      sendNextPrompt(at: moment)
      // A start without a prompt starts no process.
      if life != .starting { answerStart(at: moment) }
    case .dialogue(let form):
      dialogue = AgentDialogue(form.dialect, role: .drives(folder: settings.folder, asks: settings.mayBeAsked))
      let arguments = AgentArguments.of(form, given: settings.arguments, asks: settings.mayBeAsked)
      launch(AgentLaunch(arguments: arguments, input: .pipe), at: moment)
    case .raw:
      dialogue = settings.profile?.dialect.map { AgentDialogue($0, role: .listens(prompt: nil, input: nil)) }
      let input: AgentLaunch.Input =
        switch settings.input {
        case .pass: .inherited
        case .null: .null
        case .control: controlIsOpen ? .pipe : .null
        }
      launch(AgentLaunch(arguments: settings.arguments, input: input), at: moment)
    }
  }

  /// The language that the process was made to speak.
  private var spoken: AgentDialect? {
    switch settings.way {
    case .raw: nil
    case .dialogue(let form): form.dialect
    case .single(let form): form.dialect
    }
  }

  /// Starts a process.
  mutating func launch(_ launch: AgentLaunch, at moment: Moment) {
    self.launch = launch
    life = .starting
    processes += 1
    startedAt = moment.now
    output.restart(profile: settings.profile, dialect: spoken)
    heardLines = LineFramer()
    openStreams = 2
    (isTreeGone, hasEndedTree, isTerminated) = (false, false, false)
    (isInputClosed, hasBeenReady) = (false, false)
    (drainUntil, killAt, termination, pendingSignal) = (nil, nil, nil, nil)
    drained = 0
    inputs = AgentInputs(isOpen: settings.way == .raw && launch.input == .pipe)
    result.processBegins(isTalkedTo: isDialogue)
    status(
      "starting",
      [
        "agent": .string(AgentProfile.baseName(settings.agent)),
        "argv": .array(([settings.agent] + launch.arguments).map { .string($0) }),
        "cwd": .string(settings.folder), "mode": .string(settings.mode.rawValue),
      ], at: moment)
    effects.append(.start)
  }

  package mutating func agentStarted(processID: Int32, at moment: Moment) {
    guard life == .starting else { return }
    life = .running
    quietSince = moment.now
    status("running", ["pid": .integer(Int64(processID))], at: moment)
    answerStart(at: moment)
    beginLaunchedTurn(at: moment)
    if let signal = pendingSignal {
      effects.append(.signal(signal))
      pendingSignal = nil
    }
    dialogue?.started()
    obeyDialogue(at: moment)
  }

  private mutating func answerStart(at moment: Moment) {
    if let seq = pendingStart { answer(seq, at: moment) }
    pendingStart = nil
  }

  package mutating func agentNotStarted(_ failure: StartFailure, at moment: Moment) {
    guard life == .starting else { return }
    status("error", ["code": .string(failure.code), "message": .string(failure.message)], at: moment)
    effects.append(.fail(failure.message, hint: nil))
    let wasByControl = pendingStart != nil
    if let seq = pendingStart { answer(seq, refused: failure.message, at: moment) }
    pendingStart = nil
    dialogue = nil
    if let prompt = launching?.prompt { prompts.insert(prompt, at: 0) }
    launching = nil
    refuseInputs(because: "the agent could not be started", at: moment)
    dropPrompts(because: "the agent could not be started", at: moment)
    result.status = failure.exitStatus
    if wasByControl, mayBeStarted { life = .idle } else { finish() }
  }

  package mutating func agentExited(_ status: WaitStatus, at moment: Moment) {
    guard life == .running || life == .starting else { return }
    life = .draining(status)
    (killAt, termination) = (nil, nil)
    drainUntil = moment.now + SpawnSession.drainTime
    withdrawQuestions(at: moment)
    streamsChanged(at: moment)
  }

  /// Nothing is left of what the agent started, save `survivors` that we may not end.
  package mutating func treeEnded(survivors: Int, at moment: Moment) {
    if survivors > 0 { effects.append(.warn("\(survivors) processes of the agent could not be ended")) }
    if life == .running {
      // The agent is among them: we are not allowed to end it, and nobody waits for it any more.
      fail(code: "not_ended", "the agent could not be ended, and is left running", at: moment)
      result.isEndedByUs = false
      // No other is to run beside it.
      isStopping = true
      agentExited(.killed(signal: SIGKILL), at: moment)
    }
    isTreeGone = true
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
    if bytes?.isEmpty == false { quietSince = moment.now }
    if stream == .stdout, dialogue != nil {
      hear(bytes, at: moment)
    } else {
      output.read(bytes, stream: stream, ts: moment.wall)
    }
    guard let bytes else {
      openStreams -= 1
      if stream == .stdout { talkEnded(at: moment) }
      streamsChanged(at: moment)
      return
    }
    // Who still writes after all is gone is out of our reach, and may not hold us for ever.
    if isTreeGone {
      drained += bytes.count
      if drained <= SpawnSession.pipeCapacity { drainUntil = moment.now + SpawnSession.drainTime }
    }
  }

  /// One that is talked to has closed its standard output: it ends, or else it is ended, for nothing is heard of it any more.
  private mutating func talkEnded(at moment: Moment) {
    guard isDialogue, life == .running else { return }
    if !isInputClosed { closeAgentInput(at: moment) }
    let what = "has closed its output"
    termination = earlier(
      Termination(
        at: moment.now + (settings.limits.exit ?? SpawnSession.endOfInputTime),
        warning: "the agent doesn't end although it \(what); it gets SIGTERM", silence: "the agent \(what)"))
  }

  /// Our own readers don't keep up, or do again: time to drain, and the agent's silence, count only while they do.
  package mutating func outputBecame(blocked: Bool, at moment: Moment) {
    guard blocked != isOutputBlocked else { return }
    isOutputBlocked = blocked
    guard !blocked else { return }
    quietSince = moment.now
    if drainUntil != nil { drainUntil = moment.now + SpawnSession.drainTime }
  }

  mutating func streamsChanged(at moment: Moment) {
    guard case .draining(let status) = life else { return }
    if isTreeGone, openStreams == 0 {
      processEnded(status, at: moment)
    } else if openStreams == 0 {
      endLeftovers()
    }
  }

  mutating func endLeftovers() {
    guard !hasEndedTree, !isTreeGone else { return }
    hasEndedTree = true
    drainUntil = nil
    effects.append(.endTree(grace: SpawnSession.leftoverGrace))
  }

  mutating func processEnded(_ ending: WaitStatus, at moment: Moment) {
    // A stream that was given up may hold the beginning of a line.
    if dialogue != nil { hear(nil, at: moment) }
    for stream in [LogStream.stdout, .stderr] { output.read(nil, stream: stream, ts: moment.wall) }
    drainUntil = nil
    effects.append(.closeStreams)
    endLastTurn(ending, at: moment)
    withdrawQuestions(at: moment)
    refuseInputs(because: "the agent has ended", at: moment)
    result.status = ending.exitStatus
    // Before the end is told: what is lost is part of what the run came to.
    dropWhatIsLost(at: moment)
    tellExit(ending, at: moment)
    dialogue = nil
    if isSingle {
      life = .between
      sendNextPrompt(at: moment)
    } else {
      endRun(because: "the agent has ended", at: moment)
    }
  }

  /// Refuses the prompts that no process which is still to come will have.
  private mutating func dropWhatIsLost(at moment: Moment) {
    switch settings.way {
    case .single(let form) where !isEnding: refuseUndeliverable(form, at: moment)
    case .single: dropPrompts(because: "the session is ending", at: moment)
    case .raw, .dialogue: dropPrompts(because: "the agent has ended", at: moment)
    }
  }

  private mutating func tellExit(_ ending: WaitStatus, at moment: Moment) {
    var members: [(String, JSON)] = []
    switch ending {
    case .exited(let code): members.append(("code", .integer(Int64(code))))
    case .killed(let signal): members.append(("signal", .string(Signals.name(signal))))
    }
    members.append(("durationMs", .integer(moment.now - startedAt)))
    members.append(("outcome", .string(result.outcome(of: ending).rawValue)))
    if output.redacted > 0 { members.append(("redacted", .integer(Int64(output.redacted)))) }
    status("exited", .object(members.map { JSON.Member($0.0, $0.1) }), at: moment)
  }

  /// No process runs, and none will be started by a prompt.
  mutating func endRun(because reason: String, at moment: Moment) {
    dropPrompts(because: reason, at: moment)
    guard mayBeStarted else { return finish() }
    life = .idle
    tellIdle()
  }

  mutating func finish() {
    life = .ended
    if let brokenEnd {
      effects.append(.finish(brokenEnd))
      return
    }
    if settings.tellsOutcome, let complaint = result.complaint { effects.append(.fail(complaint, hint: nil)) }
    effects.append(.finish(.exit(settings.tellsOutcome ? result.exitStatus : result.status ?? ExitStatus.done)))
  }
}
