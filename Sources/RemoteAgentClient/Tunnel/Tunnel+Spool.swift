import RemoteAgentCore
import RemoteAgentProcess

/// What is taken in, and the spool's news.
extension Tunnel {
  /// Goes on where an earlier run left off.
  func begin() {
    if input.isOpen { attempt { delivery throws(SpooledSession.Failure) in try delivery.began(input.file) } }
    if session.unacknowledgedCount > 0 { events?.spool(spool, lines: session.unacknowledgedCount) }
  }

  /// The hub has greeted us. What an earlier run left is complete by that, and not before: as long as the hub is away it
  /// may still be resumed with the rest of its input.
  func greeted() {
    if !input.isOpen, !input.isEnded { endInput() }
  }

  func keep() {
    attempt { delivery throws(SpooledSession.Failure) in try delivery.keep(now: BootClock.now) }
  }

  func fetch() {
    attempt { delivery throws(SpooledSession.Failure) in try delivery.fetch() }
  }

  func release() {
    attempt { delivery throws(SpooledSession.Failure) in
      guard try delivery.release(now: BootClock.now) else { return }
      events?.acknowledged(delivery.session.releasedNumber, waiting: delivery.session.unacknowledgedCount)
    }
  }

  /// No more is read: the session gets its end.
  func endInput() {
    input.end(now: WallClock.now) { delivery.read($0) }
    let isIncomplete = inputWasCut || inputHasFailed || !input.isOpen
    delivery.inputEnded(bytes: input.bytes, lines: input.lines, isIncomplete: isIncomplete, ts: WallClock.now)
    keep()
  }

  /// Does something that the spool may refuse, which ends the process, and tells what happened.
  func attempt(_ body: (inout SpooledSession) throws(SpooledSession.Failure) -> Void) {
    var failure: SpooledSession.Failure?
    do throws(SpooledSession.Failure) {
      try body(&delivery)
    } catch {
      failure = error
    }
    for news in delivery.news { tell(news) }
    delivery.news = []
    if let failure { fail(failure.message, status: failure.isSafe ? ExitStatus.undelivered : ExitStatus.lost) }
  }

  private func tell(_ news: SpooledSession.News) {
    switch news {
    case .dropped(let loss):
      if !hasToldFull { diagnostics.warning("the spool is full: its oldest lines are dropped, and the hub is told") }
      hasToldFull = true
      events?.event("dropped", [("lines", .integer(loss.through - loss.from)), ("bytes", .integer(loss.bytes))])
    case .full(let why, let isEmpty):
      let until = isEmpty ? "there is room" : "the hub has taken some of it"
      if !hasToldFull { diagnostics.warning("\(why): the input waits until \(until)") }
      hasToldFull = true
      events?.event("full", [("reason", .string(why))])
    case .unreadable(let lines):
      diagnostics.warning("the spool is damaged: \(lines) lines can't be read, and the hub is told")
    }
  }
}
