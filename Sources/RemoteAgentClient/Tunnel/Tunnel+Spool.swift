import RemoteAgentCore
import RemoteAgentProcess

/// What is taken in goes into the spool first, and from there to the session.
extension Tunnel {
  private static let retryDelay: Milliseconds = 1_000

  /// Goes on where an earlier run left off.
  func begin() {
    if input.isOpen { note(.began(input.file)) }
    if session.unacknowledgedCount > 0 { events?.spool(spool, lines: session.unacknowledgedCount) }
  }

  /// The hub has greeted us. What an earlier run left is complete by that, and not before: as long as the hub is away it
  /// may still be resumed with the rest of its input.
  func greeted() {
    if !input.isOpen, !input.isEnded { endInput() }
  }

  /// Puts what was read into the spool, and hands it to the session; what there is no room for waits.
  func keep() {
    spoolRetry = nil
    guard !unspooled.isEmpty else { return }
    if let spool {
      do throws(SpoolError) {
        try makeRoom(spool)
        try spool.write(unspooled.map(SpoolRecord.line))
      } catch {
        return noRoom(error)
      }
    }
    for spooled in unspooled {
      session.took(spooled.line)
      if spooled.isEnd { session.inputEnded() }
    }
    unspooled = []
    if spool?.isFull == true, options.onFull != .dropOldest { full("the spool has reached its limit") }
  }

  private func makeRoom(_ spool: Spool) throws(SpoolError) {
    while spool.isFull, options.onFull == .dropOldest, try drop(spool) {}
  }

  private func drop(_ spool: Spool) throws(SpoolError) -> Bool {
    guard let loss = try spool.dropOldest() else { return false }
    if !hasToldFull { diagnostics.warning("the spool is full: its oldest lines are dropped, and the hub is told") }
    hasToldFull = true
    events?.event("dropped", [("lines", .integer(loss.through - loss.from)), ("bytes", .integer(loss.bytes))])
    session.discarded(before: loss.through, bytes: loss.bytes, reason: .overflow)
    return true
  }

  private func noRoom(_ error: SpoolError) {
    guard case .noRoom(let why) = error else {
      return fail("the spool: \(error)", status: ExitStatus.lost)
    }
    if options.onFull == .dropOldest, let spool, (try? drop(spool)) == true { return keep() }
    full(why)
    spoolRetry = BootClock.now + Tunnel.retryDelay
  }

  private func full(_ why: String) {
    if options.onFull == .fail { return fail("the spool is full: \(why)", status: ExitStatus.lost) }
    if !hasToldFull { diagnostics.warning("\(why): the input waits until the hub has taken some of it") }
    hasToldFull = true
    events?.event("full", [("reason", .string(why))])
  }

  /// Fetches lines that are only in the spool, as far as there is room.
  func fetch() {
    guard let spool else { return }
    while let position = session.wantedPosition {
      do throws(SpoolError) {
        switch try spool.fetch(position) {
        case .line(let line): session.fetched(line)
        case .missing(let through):
          // Told as a gap, once all before it is acknowledged.
          guard session.releasedPosition == position else { return }
          diagnostics.warning("the spool is damaged: \(through - position) lines can't be read, and the hub is told")
          note(.lost(.init(from: position, through: through, bytes: 0, reason: .lost)))
          session.discarded(before: through, bytes: 0, reason: .lost)
        }
      } catch {
        return fail("the spool: \(error)", status: ExitStatus.lost)
      }
    }
  }

  /// The spool needs nothing of what is acknowledged.
  func release() {
    guard let spool, session.releasedPosition > spool.state.released else { return }
    spool.release(before: session.releasedPosition)
    events?.acknowledged(session.releasedNumber, waiting: session.unacknowledgedCount)
    if spoolRetry != nil { keep() }
  }

  /// A note that nothing may follow without: what can't be written ends the process.
  func note(_ record: SpoolRecord) {
    guard let spool else { return }
    do throws(SpoolError) {
      try spool.write([record])
    } catch {
      switch (record, error) {
      // Numbers that stand nowhere must not be used: it is as if the hub were away.
      case (.numbered, .noRoom): fail("the spool: \(error)", status: ExitStatus.undelivered)
      // The others save work only: without them something is told or sent once more.
      case (_, .noRoom): break
      case (_, .inUse), (_, .failed): fail("the spool: \(error)", status: ExitStatus.lost)
      }
    }
  }

  /// No more is read: the session gets its end.
  func endInput() {
    input.end(now: WallClock.now) { unspooled.append(SpooledLine($0)) }
    guard spool?.state.isEnded != true else { return keep() }
    var bytes = input.bytes
    var lines = input.lines
    if let state = spool?.state {
      bytes = state.inputBytes + unspooled.reduce(0) { $0 + Int64($1.inputBytes) }
      lines = state.inputLines + unspooled.reduce(0) { $0 + ($1.endsLine ? 1 : 0) }
    }
    let isIncomplete = inputWasCut || inputHasFailed || !input.isOpen
    let end = InputLine.end(bytes: bytes, lines: lines, isIncomplete: isIncomplete, ts: WallClock.now)
    unspooled.append(SpooledLine(end, isEnd: true))
    keep()
  }
}
