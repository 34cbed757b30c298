package import RemoteAgentCore

/// Holds devices to the interval at which they may ask what was decided (RFC 8628 section 3.5): who asks sooner is told to
/// slow down, and has to wait 5 s longer from then on.
///
/// It forgets who has not asked for as long as a request lives; there are no more than requests.
package struct GrantPacing: Sendable {
  private struct Record {
    var interval: Milliseconds
    var askedAt: Milliseconds
  }

  /// In milliseconds.
  package static let interval: Milliseconds = 5_000
  private static let penalty: Milliseconds = 5_000

  private let life: Milliseconds
  private var records: [String: Record] = [:]

  /// - Parameter life: of a request.
  package init(life: Milliseconds) {
    self.life = life
  }

  /// How many it remembers.
  package var count: Int { records.count }

  /// A device asked; whether it did so too soon. `now` is on a clock that never goes back.
  package mutating func isTooSoon(_ userCode: String, now: Milliseconds) -> Bool {
    guard var record = records[userCode] else {
      records = records.filter { $0.value.askedAt > now - life }
      records[userCode] = Record(interval: Self.interval, askedAt: now)
      return false
    }
    let isTooSoon = now - record.askedAt < record.interval
    if isTooSoon { record.interval += Self.penalty }
    record.askedAt = now
    records[userCode] = record
    return isTooSoon
  }
}
