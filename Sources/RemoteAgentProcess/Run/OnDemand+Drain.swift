package import RemoteAgentCore

/// What earlier sessions could not deliver: a `ra-tunnel --drain` of its own does, beside those that run, so that none waits for
/// it to connect.
///
///             due, and a reason                its end
///     none ─────────────────────► running ────────────────► none
///                                    │  all is ending         ▲
///                                    ▼                        │
///                                  ending ────────────────────┘
///
/// - It is due at the beginning, after a session that left something, and after one that had to give up itself.
/// - A reason is a word of the hub, or such a session: without another none follows one that had to give up.
extension OnDemand {
  /// From the first SIGTERM, after which it goes on with what is under way, to the second, after which it doesn't.
  private static let drainTime: Milliseconds = 2000

  enum Drain: Equatable {
    case none, running
    /// It was asked to end, and is asked so again.
    case ending(next: Milliseconds, signal: Int32)
  }

  /// The hub is there.
  mutating func drainMayPass() {
    hasReasonToDrain = true
    drainIfDue()
  }

  /// A session's tunnel ended.
  mutating func drainAfter(_ tunnel: WaitStatus) {
    guard drainsLeft, OnDemand.leavesLines(tunnel) else { return }
    (isDrainDue, hasReasonToDrain) = (true, true)
    drainIfDue()
  }

  private mutating func drainIfDue() {
    guard isDrainDue, hasReasonToDrain, drain == .none, ending == nil, case .open(_?) = channel else { return }
    (isDrainDue, hasReasonToDrain, drain) = (false, false, .running)
    add(.drain)
  }

  package mutating func drainNotStarted(_ message: String, at now: Milliseconds) {
    add(.warn("what earlier sessions left can't be delivered: \(message)"))
    drainIsOver(isDue: true, at: now)
  }

  /// Its tunnel ended.
  package mutating func drainEnded(_ status: WaitStatus, at now: Milliseconds) {
    let isTriedAgain = OnDemand.leavesLines(status) || status == .exited(code: ExitStatus.unreachable)
    if status != .exited(code: 0), drain == .running {
      let later = isTriedAgain ? "; once more when the hub is there anew" : ""
      add(
        .warn(
          "what earlier sessions left was not all delivered (ra-tunnel --drain: status \(status.exitStatus))\(later)"))
    }
    drainIsOver(isDue: isTriedAgain, at: now)
  }

  private mutating func drainIsOver(isDue: Bool, at now: Milliseconds) {
    drain = .none
    if isDue { isDrainDue = true }
    drainIfDue()
    endIfIdle(at: now)
  }

  /// All is ending: what is under way has a while, the rest is safe in the spool.
  mutating func endDrain(at now: Milliseconds) {
    guard drain == .running else { return }
    add(.signalDrain(15))
    drain = .ending(next: now + OnDemand.drainTime, signal: 15)
  }

  /// It is not waited for any more.
  mutating func hastenDrain(at now: Milliseconds) {
    guard drain != .none else { return }
    add(.signalDrain(15))
    drain = .ending(next: now + OnDemand.killTime, signal: 9)
  }

  mutating func drainTimePassed(at now: Milliseconds) {
    guard case .ending(let next, let signal) = drain, now >= next else { return }
    add(.signalDrain(signal))
    drain = .ending(next: now + OnDemand.killTime, signal: 9)
  }

  /// Whether a tunnel that ended so may have left something in the spool that the hub would take.
  private static func leavesLines(_ status: WaitStatus) -> Bool {
    status.exitStatus == ExitStatus.undelivered || status.exitStatus > 128
  }
}
