import DequeModule

/// What was taken in and is not yet acknowledged, in order: the lines a reconnect sends again (PROTOCOL sections 4 and 5).
///
///     acknowledged | held, sent | held, not sent | not yet numbered
///                  ^ first      ^ unsent         ^ next
///
/// A line gets its number when the first hello has told where to begin; until then it only waits. Nothing is ever dropped
/// here: the caller stops taking in when the buffer is full.
package struct ReplayBuffer: Sendable {
  private struct Record: Sendable {
    let type: EnvelopeType
    let ts: Int64
    let payload: [UInt8]
    /// The bytes of its envelope and LF without the digits of its number.
    let size: Int
  }

  /// What a record costs beside its bytes.
  private static let overhead = 64

  private let limit: Int
  private var records: Deque<Record> = []
  /// The number of `records[0]`, once numbers are given.
  private var first: Int64?
  /// The highest number that was ever sent, on any connection.
  private var highestEverSent: Int64 = 0
  /// How many records have been sent on this connection.
  private var sentCount = 0
  private var bytes = 0

  /// Bytes of messages sent and not acknowledged on this connection.
  package private(set) var unacknowledgedBytes = 0

  /// - Parameter limit: bytes from which on the buffer is full.
  package init(limit: Int) {
    self.limit = limit
  }

  package var isEmpty: Bool { records.isEmpty }
  package var count: Int { records.count }
  /// Whether no more should be taken in for now.
  package var isFull: Bool { bytes >= limit }
  package var hasUnsent: Bool { sentCount < records.count }
  /// The oldest number held and the next to be given; nil before numbers are given.
  package var numbers: (first: Int64, next: Int64)? {
    first.map { ($0, $0 + Int64(records.count)) }
  }
  /// The highest number that was sent on this connection or acknowledged; nil before numbers are given.
  package var highestSent: Int64? { first.map { $0 + Int64(sentCount) - 1 } }

  package mutating func append(_ type: EnvelopeType, ts: Int64, payload: [UInt8]) {
    let frame: StaticString =
      type == .log ? "{'type':'log','seq':,'ts':,'payload':}\n" : "{'type':'status','seq':,'ts':,'payload':}\n"
    let size = frame.utf8CodeUnitCount + ReplayBuffer.digits(of: ts) + payload.count
    bytes += size + ReplayBuffer.overhead
    records.append(Record(type: type, ts: ts, payload: payload, size: size))
  }

  /// A connection begins with the hub's cursor: what it has is dropped, the rest is to be sent (again). What was never sent
  /// can't be there, whatever the hub says: it is numbered on from a cursor beyond it.
  ///
  /// Returns the first number of the gap that has to be told first, if the hub lacks what is no longer held.
  package mutating func resume(cursor: Int64) -> Int64? {
    sentCount = 0
    unacknowledgedBytes = 0
    guard let oldest = first else {
      first = cursor + 1
      return nil
    }
    if cursor >= oldest {
      let known = max(0, min(cursor, highestEverSent) - oldest + 1)
      drop(min(Int(known), records.count))
      // A hub beyond all that was sent: number on from there, so that no new line looks like a duplicate.
      if cursor > highestEverSent { first = cursor + 1 }
    }
    guard let oldest = first, oldest > cursor + 1 else { return nil }
    return cursor + 1
  }

  /// Drops what is acknowledged; false if `cursor` is beyond what was sent.
  package mutating func acknowledged(cursor: Int64) -> Bool {
    guard let first, let highestSent, cursor <= highestSent else { return false }
    if cursor >= first {
      let count = Int(cursor - first) + 1
      for index in 0..<count { unacknowledgedBytes -= size(of: records[index], number: first + Int64(index)) }
      sentCount -= count
      drop(count)
    }
    return true
  }

  /// The next lines to send as one message of at most `maximum` bytes, but at least one line, as far as `window` allows; one
  /// line is always allowed when nothing is unacknowledged. Nil if nothing is to be sent now.
  package mutating func nextMessage(maximum: Int, window: Int) -> [UInt8]? {
    guard let first else { return nil }
    let begin = sentCount
    var length = 0
    while sentCount < records.count {
      let size = size(of: records[sentCount], number: first + Int64(sentCount))
      if unacknowledgedBytes > 0, unacknowledgedBytes + size > window { break }
      if length > 0, length + size > maximum { break }
      length += size
      unacknowledgedBytes += size
      sentCount += 1
    }
    guard sentCount > begin else { return nil }
    var message: [UInt8] = []
    message.reserveCapacity(length)
    for index in begin..<sentCount { append(records[index], number: first + Int64(index), to: &message) }
    highestEverSent = max(highestEverSent, first + Int64(sentCount) - 1)
    return message
  }

  private mutating func drop(_ count: Int) {
    for record in records.prefix(count) { bytes -= record.size + ReplayBuffer.overhead }
    records.removeFirst(count)
    first = first.map { $0 + Int64(count) }
  }

  private func append(_ record: Record, number: Int64, to message: inout [UInt8]) {
    message.append(literal: record.type == .log ? "{\"type\":\"log\",\"seq\":" : "{\"type\":\"status\",\"seq\":")
    EnvelopeWriter.appendDecimal(number, to: &message)
    message.append(literal: ",\"ts\":")
    EnvelopeWriter.appendDecimal(record.ts, to: &message)
    message.append(literal: ",\"payload\":")
    message.append(contentsOf: record.payload)
    message.append(literal: "}\n")
  }

  private func size(of record: Record, number: Int64) -> Int {
    record.size + ReplayBuffer.digits(of: number)
  }

  private static func digits(of number: Int64) -> Int {
    var digits = 1
    var left = number
    while left >= 10 {
      left /= 10
      digits += 1
    }
    return digits
  }
}
