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
  /// An agent has had a prompt of the run's: what follows is to go on from there.
  var hasTakenPrompt = false
  /// It was stopped since it took too long.
  var isTimedOut = false
  /// We end the process: how it ends then says nothing against what it has done.
  var isEndedByUs = false
  /// A prompt of the owner's did not reach the agent.
  private(set) var hasLostPrompt = false
  /// One that was for the run which is to begin.
  private var hasLostNextPrompt = false
  /// What the process said last of a turn, if it has had one and no other has begun. One that is talked to owes nothing before
  /// its first turn, as after a good one.
  private(set) var lastResult: AgentOutcome?
  private var worst: Failure?
  /// The last turn, if it was interrupted on request. If another follows it says nothing against the run.
  private var interrupted: Failure?
  private var lastTurn = 0

  mutating func begin(at moment: Moment) {
    startedAt = moment.now
    (status, hasTakenPrompt, isTimedOut, worst, interrupted) = (nil, false, false, nil, nil)
    (hasLostPrompt, hasLostNextPrompt) = (hasLostNextPrompt, false)
    processBegins(isTalkedTo: false)
  }

  mutating func processBegins(isTalkedTo: Bool) { (isEndedByUs, lastResult) = (false, isTalkedTo ? .ok : nil) }

  mutating func turnBegins(_ turn: Int) {
    lastTurn = turn
    (lastResult, interrupted) = (nil, nil)
  }

  /// - Parameters:
  ///   - told: what the agent said; nil if it gave no result.
  ///   - onRequest: whether it was interrupted on request.
  mutating func turnEnds(_ failure: Failure, told: AgentOutcome?, onRequest: Bool) {
    lastResult = told
    guard failure.outcome != .ok else { return }
    if onRequest {
      interrupted = failure
      return
    }
    // Of the worst the last.
    if worst?.outcome.worse(failure.outcome) ?? failure.outcome == failure.outcome { worst = failure }
  }

  /// - Parameter isBetweenRuns: whether the run is over, and another may begin.
  mutating func promptIsLost(isBetweenRuns: Bool) {
    hasLostPrompt = true
    if isBetweenRuns { hasLostNextPrompt = true }
  }

  /// What the run has come to, at the end of one of its processes.
  func outcome(of ending: WaitStatus) -> AgentOutcome {
    let turns = failure?.outcome ?? .ok
    let outcome = isTimedOut || hasLostPrompt ? turns.worse(.incomplete) : turns
    if isTimedOut { return outcome }
    // Many end with a status of their own when they are interrupted.
    return ending == .exited(code: 0) || isForgiven || interrupted != nil ? outcome : .error
  }

  private var isForgiven: Bool { isEndedByUs && lastResult == .ok }

  private var failure: Failure? { worst ?? interrupted }

  /// How ra-spawn ends if it tells what the run came to.
  var exitStatus: Int32 {
    if isTimedOut { return RunResult.timedOutStatus }
    let own = isForgiven ? 0 : status ?? ExitStatus.done
    guard own == 0 else { return own }
    return failure != nil || hasLostPrompt ? RunResult.failed : ExitStatus.done
  }

  /// What the person is told of the turns.
  var complaint: String? {
    guard !isTimedOut, let failure else { return nil }
    let turn = failure.turn == lastTurn ? "the agent's last turn" : "the agent's turn \(failure.turn)"
    guard worst != nil else { return "\(turn) was interrupted" }
    let what = failure.outcome == .error ? "was an error" : "gave no result"
    return "\(turn) \(what)" + (failure.detail.map { ": \($0)" } ?? "")
  }
}
