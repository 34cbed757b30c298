import RemoteAgentCore

/// The session of a check, which has nothing but its end, on the one connection it gets; without I/O.
///
/// The driver calls an input, then `nextEffect` until it gives nil, and again at `deadline`, until `isOver`.
struct CheckSession {
  enum Effect: Sendable, Equatable {
    case send([UInt8])
    case close(code: UInt16, reason: String)
  }

  private(set) var report: CheckReport
  private var session: DeviceSession
  private var isEnded = false
  private var isFinished = false

  /// - Parameter report: at whichever step the connection is.
  init(report: CheckReport, session: DeviceSession, now: Milliseconds) {
    self.report = report
    self.session = session
    self.session.start(now: now)
  }

  /// Whether there is no more to do: it has failed, or it has passed and said goodbye.
  var isOver: Bool { isFinished || report.failure != nil }

  /// When to call `nextEffect` at the latest.
  var deadline: Milliseconds? { [session.deadline, report.deadline].compactMap { $0 }.min() }

  /// The connection has come to that step.
  mutating func reached(_ step: CheckReport.Step, now: Milliseconds) { report.reached(step, now: now) }

  /// The connection has failed, or was never made.
  mutating func failed(_ error: ClientError, now: Milliseconds) {
    session.connectionLost(code: nil, reason: "\(error)", now: now)
    report.failed(error, now: now)
  }

  mutating func receivedBytes(now: Milliseconds) { session.receivedBytes(now: now) }

  mutating func received(_ event: StreamConnection.Event, now: Milliseconds) { session.received(event, now: now) }

  /// The next thing to do, nil if there is nothing now.
  ///
  /// - Parameter ts: Unix milliseconds.
  mutating func nextEffect(now: Milliseconds, ts: Int64) -> Effect? {
    while !isOver, let action = session.nextAction(now: now, canSend: true) {
      // The goodbye is not timed.
      if isEnded, session.unacknowledgedCount == 0 { report.completed(now: now) }
      switch action {
      case .send(let message): return .send(message)
      case .close(let code, let reason): return .close(code: code, reason: reason)
      case .opened:
        report.reached(.acknowledgement, now: now)
        end(ts: ts)
      case .disconnected(let reason, _): report.failed(.unreachable(reason), now: now)
      case .finished(.delivered): isFinished = true
      case .finished(.gaveUp(let refusal)):
        report.failed(
          refusal.kind == .notPaired ? .notPaired(refusal.message) : .refused(refusal.message), now: now)
      default: break  // The one connection is made already; its token outlives it.
      }
    }
    report.tick(now: now)
    return nil
  }

  private mutating func end(ts: Int64) {
    session.took(InputLine.end(bytes: 0, lines: 0, isIncomplete: false, ts: ts))
    session.inputEnded()
    isEnded = true
  }
}
