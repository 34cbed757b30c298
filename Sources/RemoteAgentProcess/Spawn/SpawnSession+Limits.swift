import RemoteAgentCore

/// How long is waited for an agent.
extension SpawnSession {
  private var isBeingEnded: Bool { isTerminated || isStopping || firstSignalAt != nil || brokenEnd != nil }

  /// Until when the agent may be getting ready for prompts.
  var readyBy: Milliseconds? {
    guard life == .running, isDialogue, !hasBeenReady, !isInputClosed, !isBeingEnded else { return nil }
    return startedAt + SpawnSession.readyTime
  }

  /// Until when the agent may be silent: in a turn, or without turns as long as it runs. Not while it waits for an answer,
  /// nor while we don't read it.
  var idleUntil: Milliseconds? {
    guard let idle = settings.limits.idle, life == .running, !isBeingEnded, questions.isEmpty, !isOutputBlocked,
      turn != nil || settings.way == .raw && result.lastResult == nil
    else { return nil }
    return quietSince + idle
  }

  /// Until when the run may take.
  var runsUntil: Milliseconds? {
    guard let duration = settings.limits.duration, !isBeingEnded else { return nil }
    switch life {
    case .starting, .running, .between: return result.startedAt + duration
    case .draining: return isSingle ? result.startedAt + duration : nil
    case .idle, .ended: return nil
    }
  }

  /// Until when an agent that is to end by itself may be silent after its result.
  var silentUntil: Milliseconds? {
    guard life == .running, !isBeingEnded, turn == nil, result.lastResult != nil, !isOutputBlocked,
      isSingle || settings.way == .raw && launch.input == .null
    else { return nil }
    return quietSince + exitTime
  }

  private var exitTime: Milliseconds { settings.limits.exit ?? SpawnSession.exitTime }

  mutating func limitsPassed(at moment: Moment) {
    if let silentUntil, moment.now >= silentUntil {
      let seconds = exitTime / 1000
      effects.append(.warn("the agent has been silent for \(seconds) s after its result; it gets SIGTERM"))
      terminate(grace: SpawnSession.stopGrace, at: moment)
    }
    if let readyBy, moment.now >= readyBy {
      takesTooLong("not_ready", "the agent takes no prompts after \(SpawnSession.readyTime / 1000) s", at: moment)
    }
    if let idleUntil, moment.now >= idleUntil, let idle = settings.limits.idle {
      takesTooLong("idle_timeout", "the agent has been silent for \(idle / 1000) s", at: moment)
    }
    if let runsUntil, moment.now >= runsUntil, let duration = settings.limits.duration {
      takesTooLong("max_duration", "the agent has run for \(duration / 1000) s", at: moment)
    }
  }

  private mutating func takesTooLong(_ code: String, _ message: String, at moment: Moment) {
    result.isTimedOut = true
    fail(code: code, message, at: moment)
    stop(grace: SpawnSession.stopGrace, because: .timedOut(message), at: moment)
  }
}
