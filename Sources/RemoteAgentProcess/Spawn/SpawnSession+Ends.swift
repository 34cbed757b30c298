import Glibc
import RemoteAgentCore

/// Ends that are asked for: by a signal, by control, by a reader that leaves.
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
    case .idle, .between:
      result.status = result.status ?? ExitStatus.killed(bySignal: number)
      dropPrompts(because: "ra-spawn got a signal", at: moment)
      finish()
    case .starting:
      interrupt(.signalled)
      pendingSignal = number
    case .running:
      interrupt(.signalled)
      effects.append(.signal(number))
      endDialogue(after: number, at: moment)
    case .draining: endLeftovers()
    case .ended: effects.append(.abandonOutput)
    }
  }

  /// An agent that is talked to ends when its input does. Whoever runs by himself has the time that he needs.
  private mutating func endDialogue(after signal: Int32, at moment: Moment) {
    guard isDialogue else { return }
    sendNextPrompt(at: moment)
    termination = earlier(
      Termination(
        at: moment.now + (settings.limits.exit ?? SpawnSession.endOfInputTime),
        warning: "the agent doesn't end although it got SIG\(Signals.name(signal)); it gets SIGTERM"))
  }

  /// Our output can't be written any more: nobody reads it (EPIPE), or it failed.
  package mutating func outputBroke(_ end: SpawnEnd = .brokenPipe, at moment: Moment) {
    guard !settings.continuesWhenBroken, brokenEnd == nil else { return }
    brokenEnd = end
    switch life {
    case .idle, .between: endRun(because: "nobody reads what comes of it", at: moment)
    case .starting, .running: terminate(grace: SpawnSession.stopGrace, at: moment)
    case .draining: endLeftovers()
    case .ended: break
    }
  }

  mutating func stopAsked(_ seq: Int64, grace: Int64?, at moment: Moment) throws(ControlRefusal) {
    guard isOpen else { throw ControlRefusal("no agent is running") }
    // Answered before what the stop brings about.
    answer(seq, at: moment)
    stop(grace: grace ?? SpawnSession.stopGrace, because: .asked, at: moment)
  }

  mutating func signalAsked(_ seq: Int64, _ signal: ControlSignal, at moment: Moment) throws(ControlRefusal) {
    guard life == .running else { throw ControlRefusal("no agent is running") }
    if signal == .int, turn != nil {
      leaveOff(.asked, at: moment)
    } else {
      // What was meant to end a turn is not to end the session, nor to make a failure of what is done.
      guard signal != .int || settings.way == .raw else { throw ControlRefusal("no turn is open") }
      effects.append(.signal(Signals.number(of: signal)))
    }
    answer(seq, at: moment)
  }

  /// Ends the run: the turn is interrupted, the agent's input ends; then SIGTERM, and at the grace the end of the tree.
  mutating func stop(grace: Milliseconds, because interruption: Interruption, at moment: Moment) {
    isStopping = true
    dropPrompts(because: "the agent is being stopped", at: moment)
    let isPolite = isDialogue || settings.profile != nil
    switch life {
    case .idle, .ended: return
    // Nothing runs, or what ran has ended: only no other process is to begin.
    case .between, .draining: return sendNextPrompt(at: moment)
    case .starting, .running: break
    }
    guard grace > 0 else {
      interrupt(interruption)
      return endTree()
    }
    killAt = min(killAt ?? .max, moment.now + grace)
    guard isPolite else {
      interrupt(interruption)
      return send(signal: SIGTERM)
    }
    termination = earlier(
      Termination(at: moment.now + min(grace / 2, SpawnSession.interruptTime), warning: nil))
    if turn != nil {
      leaveOff(interruption, at: moment)
    } else if !isDialogue, result.lastResult != nil {
      // It has done what it was run for, and ends by itself, maybe hurried.
      result.isEndedByUs = true
    } else if !isDialogue {
      interrupt(interruption)
      send(signal: SIGINT)
    }
    sendNextPrompt(at: moment)
  }

  /// Asks the agent to leave off its turn.
  private mutating func leaveOff(_ interruption: Interruption, at moment: Moment) {
    interrupt(interruption)
    if dialogue?.interrupt() == true { obeyDialogue(at: moment) } else { send(signal: SIGINT) }
  }

  /// The turn won't go on, nor the one that a process is being started for: what it comes to is that, unless it is done already.
  private mutating func interrupt(_ interruption: Interruption) {
    if turn?.interruption == nil { turn?.interruption = interruption }
    if launching?.interruption == nil { launching?.interruption = interruption }
  }

  private mutating func send(signal: Int32) {
    if life == .starting { pendingSignal = signal } else { effects.append(.signal(signal)) }
  }

  func earlier(_ other: Termination) -> Termination {
    termination.map { $0.at <= other.at ? $0 : other } ?? other
  }

  /// SIGTERM for the agent, and the end of the tree after `grace`.
  mutating func terminate(grace: Milliseconds, at moment: Moment) {
    termination = nil
    isTerminated = true
    result.isEndedByUs = true
    send(signal: SIGTERM)
    killAt = min(killAt ?? .max, moment.now + grace)
  }

  private mutating func endTree() {
    result.isEndedByUs = true
    effects.append(.endTree(grace: 0))
  }

  /// Does what is due.
  package mutating func timePassed(at moment: Moment) {
    if let killAt, moment.now >= killAt {
      self.killAt = nil
      endTree()
    }
    if let termination, moment.now >= termination.at {
      if let warning = termination.warning { effects.append(.warn(warning)) }
      if let silence = termination.silence {
        endTurn(.incomplete, told: nil, detail: silence, at: moment)
        dropPrompts(because: silence, at: moment)
      }
      terminate(grace: SpawnSession.stopGrace, at: moment)
    }
    if let giveUpAt = turn?.giveUpAt, moment.now >= giveUpAt {
      endTurn(.incomplete, told: nil, detail: "the agent gave no result", at: moment)
      sendNextPrompt(at: moment)
    }
    denyExpired(at: moment)
    limitsPassed(at: moment)
    if let drainUntil, !isOutputBlocked, moment.now >= drainUntil, case .draining(let status) = life {
      self.drainUntil = nil
      if isTreeGone { processEnded(status, at: moment) } else { endLeftovers() }
    }
  }
}
