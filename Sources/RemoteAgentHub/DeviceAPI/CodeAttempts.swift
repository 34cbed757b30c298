package import RemoteAgentCore

/// How many wrong pairing codes came from where, so that nobody can guess one (PROTOCOL section 3).
///
/// After 5 wrong codes within a minute an address waits, right codes too. Attempts whose code is still being looked up
/// count as wrong ones, so that many at once gain nothing. When many addresses together guess, all are slowed, none refused.
package struct CodeAttempts: Sendable {
  /// What an attempt meets.
  package enum Admission: Sendable, Equatable {
    /// It may be looked up after `delay`; ``finish(from:wrong:now:)`` must follow.
    case allowed(delay: Milliseconds)
    /// It is not looked up; the address may come again in so many seconds.
    case refused(retryAfter: Int64)
  }

  private struct Record {
    var wrong: [Milliseconds] = []
    var pending = 0
    var newest: Milliseconds = 0
  }

  private let limit: Int
  private let window: Milliseconds
  private let globalLimit: Int
  private let slowDown: Milliseconds
  private let capacity: Int
  private var records: [ClientNetwork: Record] = [:]
  private var allWrong: [Milliseconds] = []

  /// - Parameters:
  ///   - limit: wrong codes of one network within `window` after which it waits.
  ///   - globalLimit: wrong codes of all within `window` after which every attempt is held back by `slowDown`.
  ///   - capacity: networks remembered; beyond it the one that was quiet longest is forgotten.
  package init(
    limit: Int = 5, window: Milliseconds = 60_000, globalLimit: Int = 60, slowDown: Milliseconds = 2_000,
    capacity: Int = 4_096
  ) {
    self.limit = limit
    self.window = window
    self.globalLimit = globalLimit
    self.slowDown = slowDown
    self.capacity = capacity
  }

  /// Networks remembered, at most `capacity`.
  package var count: Int { records.count }

  /// An attempt came in at `now`, on a clock that never goes back.
  package mutating func begin(from network: ClientNetwork, now: Milliseconds) -> Admission {
    allWrong.removeAll { $0 <= now - window }
    var record = records[network] ?? Record()
    record.wrong.removeAll { $0 <= now - window }
    if record.wrong.count + record.pending >= limit {
      let free = (record.wrong.first ?? now) + window
      return .refused(retryAfter: max(1, (free - now + 999) / 1_000))
    }
    record.pending += 1
    record.newest = now
    if records[network] == nil { makeRoom(now: now) }
    records[network] = record
    return .allowed(delay: allWrong.count >= globalLimit ? slowDown : 0)
  }

  /// An allowed attempt was looked up.
  package mutating func finish(from network: ClientNetwork, wrong: Bool, now: Milliseconds) {
    if wrong {
      allWrong.append(now)
      if allWrong.count > globalLimit { allWrong.removeFirst() }
    }
    guard var record = records[network] else { return }
    record.pending = max(0, record.pending - 1)
    if wrong { record.wrong.append(now) }
    records[network] = record.pending == 0 && record.wrong.isEmpty ? nil : record
  }

  private mutating func makeRoom(now: Milliseconds) {
    guard records.count >= capacity else { return }
    records = records.filter { $0.value.pending > 0 || $0.value.newest > now - window }
    guard records.count >= capacity,
      let quietest = records.min(by: { $0.value.newest < $1.value.newest })
    else { return }
    records[quietest.key] = nil
  }
}
