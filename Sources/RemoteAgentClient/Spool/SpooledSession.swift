package import RemoteAgentCore

/// A device's session and its spool, if it has one: what is taken in goes into the spool first, and from there to the
/// session; what the session wants noted is noted before anything follows from it.
///
/// The clock and the descriptors are the driver's: ra-tunnel's, or the simulator's.
package struct SpooledSession {
  /// What a person may want to know.
  package enum News: Sendable, Equatable {
    case dropped(SpoolState.Loss)
    /// `isEmpty`: nothing is in the spool by whose delivery there would be room.
    case full(String, isEmpty: Bool)
    /// So many lines can't be read any more.
    case unreadable(Int64)
  }

  /// Why it can't go on.
  package struct Failure: Error, Sendable, Equatable {
    package let message: String
    /// Whether it is as if the hub were away: what was taken in is safe.
    package let isSafe: Bool
  }

  private static let retryDelay: Milliseconds = 1_000

  package var session: DeviceSession
  package let spool: Spool?
  private let onFull: SpoolLimit.OnFull
  /// Lines that were read and that the spool had no room for.
  package private(set) var unspooled: [SpooledLine] = []
  /// What there was no room for, and nothing may be written without: that a process began. A line after it has no number yet,
  /// and without it would be taken for one that the hub may have.
  private var owed: [SpoolRecord] = []
  /// When to call `keep` again, since there was no room.
  package private(set) var retryAt: Milliseconds?
  /// What happened, oldest first, for the driver to take.
  package var news: [News] = []

  /// - Parameter spool: what earlier runs left, and what holds all that is taken in; nil: memory alone.
  package init(
    configuration: DeviceSession.Configuration, spool: Spool?, onFull: SpoolLimit.OnFull,
    random: any RandomNumberGenerator & Sendable
  ) {
    self.spool = spool
    self.onFull = onFull
    if let spool {
      session = DeviceSession(configuration: configuration, spool: spool.state, random: random)
    } else {
      session = DeviceSession(configuration: configuration, random: random)
    }
  }

  /// Input is going to be read.
  ///
  /// - Parameter file: the regular file that it is, if it is one.
  package mutating func began(_ file: SpoolInputFile?) throws(Failure) {
    owed = [.began(file)]
    do throws(SpoolError) {
      try write([], to: spool)
    } catch {
      guard case .noRoom = error else { throw SpooledSession.failure(error) }
    }
  }

  /// Whether another line may be read.
  package var wantsInput: Bool {
    guard unspooled.isEmpty else { return false }
    guard let spool else { return session.hasOpened && session.wantsInput }
    return !spool.isFull || onFull == .dropOldest
  }

  /// A line was read; `keep` puts it away.
  package mutating func read(_ line: InputLine) { unspooled.append(SpooledLine(line)) }

  /// No more is read: the session gets its `end`, unless it has it; `keep` puts it away.
  ///
  /// - Parameters:
  ///   - bytes: of the input, and `lines`, as this process counted them; a spool knows of those before it.
  ///   - isIncomplete: whether there was more of it.
  package mutating func inputEnded(bytes: Int64, lines: Int64, isIncomplete: Bool, ts: Int64) {
    guard spool?.state.isEnded != true else { return }
    var (bytes, lines) = (bytes, lines)
    if let state = spool?.state {
      bytes = state.inputBytes + unspooled.reduce(0) { $0 + Int64($1.inputBytes) }
      lines = state.inputLines + unspooled.reduce(0) { $0 + ($1.endsLine ? 1 : 0) }
    }
    let end = InputLine.end(bytes: bytes, lines: lines, isIncomplete: isIncomplete, ts: ts)
    unspooled.append(SpooledLine(end, isEnd: true))
  }

  /// Puts what was read into the spool, and hands it to the session; what there is no room for waits.
  package mutating func keep(now: Milliseconds) throws(Failure) {
    retryAt = nil
    guard !unspooled.isEmpty else { return }
    guard let spool else { return handOver(unspooled.count) }
    var count = unspooled.count
    while count > 0 {
      do throws(SpoolError) {
        while spool.isFull, onFull == .dropOldest, drop(spool) {}
        try write(unspooled.prefix(count).map(SpoolRecord.line), to: spool)
      } catch {
        count = try noRoom(error, for: count, in: spool, now: now)
        continue
      }
      handOver(count)
      count = unspooled.count
    }
    if spool.isFull, onFull != .dropOldest { try full("the spool has reached its limit", isEmpty: false) }
  }

  /// The first lines of those that were read are in the spool, or need not be.
  private mutating func handOver(_ count: Int) {
    for spooled in unspooled.prefix(count) {
      session.took(spooled.line)
      if spooled.isEnd { session.inputEnded() }
    }
    unspooled.removeFirst(count)
  }

  private mutating func drop(_ spool: Spool) -> Bool {
    guard let loss = spool.dropOldest() else { return false }
    news.append(.dropped(loss))
    session.discarded(before: loss.through, bytes: loss.bytes, reason: .overflow)
    return true
  }

  /// There was no room for `count` lines; returns how many to try next, 0 if they wait.
  private mutating func noRoom(
    _ error: SpoolError, for count: Int, in spool: Spool, now: Milliseconds
  ) throws(Failure) -> Int {
    guard case .noRoom(let why) = error else { throw SpooledSession.failure(error) }
    if onFull == .dropOldest, drop(spool) { return count }
    // The hub makes room by taking what is in the spool. Where nothing is it can't, and what fits goes in, be it little.
    if spool.waiting == 0 {
      if spool.compact() { return count }
      if count > 1 { return count / 2 }
    }
    try full(why, isEmpty: spool.waiting == 0)
    retryAt = now + SpooledSession.retryDelay
    return 0
  }

  private mutating func full(_ why: String, isEmpty: Bool) throws(Failure) {
    if onFull == .fail { throw Failure(message: "the spool is full: \(why)", isSafe: false) }
    news.append(.full(why, isEmpty: isEmpty))
  }

  /// Whether what was read waits for room that no delivery makes.
  package var waitsForDisk: Bool { retryAt != nil && spool?.waiting == 0 }

  /// Fetches lines that are only in the spool, as far as there is room.
  package mutating func fetch() throws(Failure) {
    guard let spool else { return }
    while let position = session.wantedPosition {
      let fetched: Spool.Fetched
      do throws(SpoolError) {
        fetched = try spool.fetch(position)
      } catch {
        throw SpooledSession.failure(error)
      }
      switch fetched {
      case .line(let line): session.fetched(line)
      case .missing(let through):
        // Told as a gap, once all before it is acknowledged.
        guard session.releasedPosition == position else { return }
        news.append(.unreadable(through - position))
        try note(.lost(.init(from: position, through: through, bytes: 0, reason: .lost)))
        session.discarded(before: through, bytes: 0, reason: .lost)
      }
    }
  }

  /// The spool needs nothing of what is acknowledged; true if that is news to it.
  package mutating func release(now: Milliseconds) throws(Failure) -> Bool {
    guard let spool, session.releasedPosition > spool.state.released else { return false }
    spool.release(before: session.releasedPosition)
    if retryAt != nil { try keep(now: now) }
    return true
  }

  /// As `DeviceSession.nextAction`; what must be noted before it is done is noted.
  package mutating func nextAction(now: Milliseconds, canSend: Bool) throws(Failure) -> DeviceSession.Action? {
    let action = session.nextAction(now: now, canSend: canSend)
    if case .numbered(let position, let number)? = action {
      // On the disk before anything is sent: a spool that forgot its numbers would send its lines again as new ones.
      try note(.numbered(position: position, number: number), durably: true)
    }
    return action
  }

  /// The session's next control was written whole. If the note fails it comes again after a crash, and ra-spawn knows it.
  package mutating func controlWritten() throws(Failure) {
    if let seq = session.nextControl?.seq { try note(.controlWritten(seq)) }
    session.controlWritten()
  }

  private mutating func write(_ records: [SpoolRecord], to spool: Spool?, durably: Bool = false) throws(SpoolError) {
    guard let spool, !owed.isEmpty || !records.isEmpty else { return }
    try spool.write(owed + records, durably: durably)
    owed = []
  }

  /// A note that nothing may follow without.
  private mutating func note(_ record: SpoolRecord, durably: Bool = false) throws(Failure) {
    do throws(SpoolError) {
      try write([record], to: spool, durably: durably)
    } catch {
      switch (record, error) {
      // Numbers that stand nowhere must not be used: it is as if the hub were away.
      case (.numbered, .noRoom): throw Failure(message: "the spool: \(error)", isSafe: true)
      // The others save work only: without them something is told or sent once more.
      case (_, .noRoom): break
      case (_, .inUse), (_, .failed): throw SpooledSession.failure(error)
      }
    }
  }

  private static func failure(_ error: SpoolError) -> Failure {
    Failure(message: "the spool: \(error)", isSafe: false)
  }
}
