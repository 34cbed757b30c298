import DequeModule

/// What was taken in and is not yet acknowledged, in order: the lines a reconnect sends again (PROTOCOL sections 4 and 5).
///
///     acknowledged | held, sent | held, not sent | behind: only in the spool |
///                  ^ position, first                                         ^ next
///
/// A line's *position* counts the session's lines from 0, whatever becomes of them; its *number* is what the hub knows it
/// by. Numbers are given when the first hello of this process has told where to begin; from there each line has its number
/// as soon as it is taken in. Nothing is dropped here but what is acknowledged or what `discard` names: the caller stops
/// taking in, or leaves lines behind in the spool, when the buffer is full.
package struct ReplayBuffer: Sendable {
  private struct Record: Sendable {
    let type: EnvelopeType
    let ts: Int64
    let payload: [UInt8]
    /// The bytes of its envelope and LF without the digits of its number.
    let size: Int
  }

  /// Why lines will never be sent, and how many bytes of payload they had.
  private struct Loss: Sendable {
    var from: Int64
    var through: Int64
    var bytes: Int64
    let reason: GapReason
  }

  /// What a record costs beside its bytes.
  private static let overhead = 96

  private let limit: Int
  private var records: Deque<Record> = []
  /// The position of `records[0]`: so many lines of the session are acknowledged or lost.
  package private(set) var position: Int64
  /// The number of `records[0]`, once numbers were ever given.
  private var first: Int64?
  /// Lines discarded before numbers were given: they get numbers too, for the gap.
  private var skipped: Int64 = 0
  /// The newest lines that are lost on this side, for the gap that tells it.
  private var loss: Loss?
  /// Up to which position `lostCount` has them.
  private var countedThrough: Int64 = 0
  /// The highest number that may be with the hub: sent on any connection, or given by an earlier process.
  private var highestEverSent: Int64
  /// Whether this process gives numbers.
  private var isNumbering = false
  /// The highest number sent on this connection, or the cursor it began with.
  private var sentThrough: Int64 = 0
  private var acknowledgedThrough: Int64 = -1
  /// How many records have been sent on this connection.
  private var sentCount = 0
  private var bytes = 0

  /// Bytes of messages sent and not acknowledged on this connection.
  package private(set) var unacknowledgedBytes = 0
  /// Lines that follow those held and stand in the spool only.
  package private(set) var behind: Int64 = 0
  /// Lines that the hub was told are lost, through no fault of its own.
  package private(set) var lostCount: Int64 = 0

  /// - Parameters:
  ///   - limit: bytes from which on the buffer is full.
  ///   - position: that of the oldest line that is held or behind.
  ///   - numbers: of a spool that gave numbers before: that of `position`, and the next to be given. What is taken in from
  ///     now on has none yet.
  package init(limit: Int, position: Int64 = 0, numbers: (first: Int64, next: Int64)? = nil) {
    self.limit = limit
    self.position = position
    first = numbers?.first
    // Nothing is acknowledged that never had a number: what is done with is lost.
    if numbers == nil { skipped = position }
    highestEverSent = numbers.map { $0.next - 1 } ?? 0
  }

  /// Whether no more should be taken in for now.
  package var isFull: Bool { bytes >= limit }
  package var hasUnsent: Bool { sentCount < records.count }
  /// Lines held or behind.
  package var count: Int64 { Int64(records.count) + behind }
  /// The position of the first line that is behind, or of the next to come.
  package var fetchPosition: Int64 { position + Int64(records.count) }
  /// Whether the hub has acknowledged all there was, the loss of lines too. Never before its first hello.
  package var isSettled: Bool {
    guard isNumbering, let first else { return false }
    return count == 0 && acknowledgedThrough >= first - 1
  }

  /// The oldest number held and the next to be given, as the hello tells them; nil before numbers were ever given.
  package var numbers: (first: Int64, next: Int64)? {
    guard let first else { return nil }
    guard isNumbering else { return (min(first, highestEverSent + 1), highestEverSent + 1) }
    return (first, first + count)
  }

  /// The number of the line at `position`, once this process gives numbers.
  package var firstNumber: Int64? { isNumbering ? first : nil }

  /// A line was taken in after all others; none may be behind.
  package mutating func append(_ type: EnvelopeType, ts: Int64, payload: [UInt8]) {
    let frame: StaticString =
      type == .log ? "{'type':'log','seq':,'ts':,'payload':}\n" : "{'type':'status','seq':,'ts':,'payload':}\n"
    let size = frame.utf8CodeUnitCount + ReplayBuffer.digits(of: ts) + payload.count
    bytes += size + ReplayBuffer.overhead
    records.append(Record(type: type, ts: ts, payload: payload, size: size))
  }

  /// Lines were taken in that stand in the spool only.
  package mutating func leftBehind(_ count: Int64) { behind += count }

  /// The first line that was behind was fetched; `append` gives it.
  package mutating func fetched() { behind -= 1 }

  /// The oldest lines won't be sent: what of them the hub doesn't have becomes a gap.
  ///
  /// - Parameters:
  ///   - count: at most `count` of the buffer.
  ///   - bytes: of their payloads; 0 if unknown.
  package mutating func discard(_ count: Int64, bytes lost: Int64, reason: GapReason) {
    guard count > 0 else { return }
    if var loss, loss.through == position, loss.reason == reason {
      loss.through += count
      loss.bytes = loss.bytes == 0 || lost == 0 ? 0 : loss.bytes + lost
      self.loss = loss
    } else {
      loss = Loss(from: position, through: position + count, bytes: lost, reason: reason)
    }
    pass(count)
  }

  /// What an earlier process discarded, as its spool noted it; the lines are before `position`.
  package mutating func noteDiscarded(from: Int64, through: Int64, bytes: Int64, reason: GapReason) {
    loss = Loss(from: from, through: through, bytes: bytes, reason: reason)
  }

  /// A connection begins with the hub's cursor: what it has is dropped, the rest is to be sent (again). What was never sent
  /// can't be there, whatever the hub says: it is numbered on from a cursor beyond it.
  ///
  /// Returns whether the numbers are new, so that they have to be noted before anything is sent.
  package mutating func resume(cursor: Int64) -> Bool {
    sentCount = 0
    unacknowledgedBytes = 0
    sentThrough = cursor
    acknowledgedThrough = cursor
    let isNew = !isNumbering
    isNumbering = true
    guard let oldest = first else {
      first = cursor + 1 + skipped
      highestEverSent = cursor
      return true
    }
    pass(min(max(0, min(cursor, highestEverSent) - oldest + 1), count))
    guard cursor > highestEverSent else { return isNew }
    // A hub beyond all that was sent: number on from there, so that no new line looks like a duplicate.
    first = first.map { $0 + cursor - highestEverSent }
    highestEverSent = cursor
    return true
  }

  /// Drops what is acknowledged; false if `cursor` is beyond what was sent.
  package mutating func acknowledged(cursor: Int64) -> Bool {
    guard isNumbering, let first, cursor <= sentThrough else { return false }
    acknowledgedThrough = max(acknowledgedThrough, cursor)
    if cursor >= first { pass(cursor - first + 1) }
    return true
  }

  /// The next lines to send as one message of at most `maximum` bytes, but at least one line, as far as `window` allows; one
  /// line is always allowed when nothing is unacknowledged. Nil if nothing is to be sent now.
  ///
  /// - Parameter gapTs: the time that a gap gets, Unix milliseconds.
  package mutating func nextMessage(maximum: Int, window: Int, gapTs: Int64? = nil) -> [UInt8]? {
    guard isNumbering, let first else { return nil }
    if sentThrough < first - 1 { return gap(through: first - 1, ts: gapTs) }
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
    sentThrough = first + Int64(sentCount) - 1
    highestEverSent = max(highestEverSent, sentThrough)
    return message
  }

  private mutating func gap(through to: Int64, ts: Int64?) -> [UInt8] {
    let from = sentThrough + 1
    sentThrough = to
    highestEverSent = max(highestEverSent, to)
    var bytes: Int64 = 0
    var reason = GapReason.lost
    if let loss, loss.through == position {
      reason = loss.reason
      // Of lines that were sent before they were discarded some may have arrived: then the bytes of the rest are unknown.
      if to - from + 1 == loss.through - loss.from { bytes = loss.bytes }
      if loss.through > countedThrough {
        countedThrough = loss.through
        lostCount += min(to - from + 1, loss.through - loss.from)
      }
    }
    let payload: JSON = [
      "state": "gap", "from": .integer(from), "to": .integer(to), "bytes": .integer(bytes),
      "reason": .string(reason.rawValue),
    ]
    var envelope: [UInt8] = []
    EnvelopeWriter.append(.status, seq: to, ts: ts, payload: payload, to: &envelope)
    return envelope
  }

  /// So many of the oldest lines are done with; of those that are behind the caller knows by `fetchPosition`.
  private mutating func pass(_ count: Int64) {
    let held = min(Int(count), records.count)
    for (index, record) in records.prefix(held).enumerated() {
      bytes -= record.size + ReplayBuffer.overhead
      if index < sentCount, let first { unacknowledgedBytes -= size(of: record, number: first + Int64(index)) }
    }
    records.removeFirst(held)
    sentCount = max(0, sentCount - held)
    behind -= count - Int64(held)
    position += count
    if first == nil { skipped += count }
    first = first.map { $0 + count }
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

/// Why the lines of a `gap` are missing (PROTOCOL section 4, status).
package enum GapReason: String, Sendable {
  /// The spool was full, and the oldest lines had to go.
  case overflow
  /// They can't be read any more, or the hub lost what it had acknowledged.
  case lost
}
