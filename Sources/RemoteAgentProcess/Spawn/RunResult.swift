import RemoteAgentCore

/// What a run, and the process that runs in it, has come to.
struct RunResult {
  /// A turn, or a prompt, did not do what it was to.
  static let failed: Int32 = 1
  /// Stopped since it took too long, as timeout(1) says it.
  static let timedOutStatus: Int32 = 124

  /// A turn that did not end well.
  struct Failure: Equatable {
    let turn: Int
    let outcome: AgentOutcome
    let detail: String?
  }

  /// When the run began.
  private(set) var startedAt: Milliseconds = 0
  /// The exit status of the process that ended last, or could not be started.
  var status: Int32?
  /// A process of the run has had a prompt.
  var hasRun = false
  /// It was stopped since it took too long.
  var isTimedOut = false
  /// A prompt of the owner's did not reach the agent.
  var hasLostPrompt = false
  /// The process was ended by us after a good result.
  private(set) var isForgiven = false
  /// The worst of the process's turns.
  private var processOutcome: AgentOutcome?
  /// What the process said last of a turn, if it has had one and no other has begun.
  private(set) var lastResult: AgentOutcome?
  private var worst: Failure?
  private var lastTurn = 0

  mutating func begin(at moment: Moment) {
    startedAt = moment.now
    (hasRun, isTimedOut, worst) = (false, false, nil)
    processBegins()
  }

  mutating func processBegins() { (isForgiven, processOutcome, lastResult) = (false, nil, nil) }

  mutating func turnBegins(_ turn: Int) {
    lastTurn = turn
    lastResult = nil
  }

  /// - Parameters:
  ///   - told: what the agent said; nil if it gave no result.
  ///   - counts: false for a turn that was interrupted on request.
  mutating func turnEnds(_ failure: Failure, told: AgentOutcome?, counts: Bool) {
    lastResult = told
    guard counts else { return }
    processOutcome = processOutcome?.worse(failure.outcome) ?? failure.outcome
    guard failure.outcome != .ok else { return }
    // Of the worst the last.
    if worst?.outcome.worse(failure.outcome) ?? failure.outcome == failure.outcome { worst = failure }
  }

  /// The process gets SIGTERM since it doesn't end by itself, although it is done.
  mutating func endsOverdue() { isForgiven = lastResult == .ok }

  func outcome(of ending: WaitStatus) -> AgentOutcome {
    let outcome = processOutcome ?? .ok
    if isTimedOut { return outcome.worse(.incomplete) }
    return ending == .exited(code: 0) || isForgiven ? outcome : .error
  }

  /// How ra-spawn ends if it tells what the run came to.
  var exitStatus: Int32 {
    if isTimedOut { return RunResult.timedOutStatus }
    let own = isForgiven ? 0 : status ?? ExitStatus.done
    guard own == 0 else { return own }
    return worst != nil || hasLostPrompt ? RunResult.failed : ExitStatus.done
  }

  /// What the person is told of the turns.
  var complaint: String? {
    guard !isTimedOut, let worst else { return nil }
    let turn = worst.turn == lastTurn ? "the agent's last turn" : "the agent's turn \(worst.turn)"
    let what = worst.outcome == .error ? "was an error" : "gave no result"
    return "\(turn) \(what)" + (worst.detail.map { ": \($0)" } ?? "")
  }
}
