import DequeModule

/// Controls that came from the hub and are not yet written to standard output, in order.
///
/// Bounded by the hub's duty (PROTOCOL section 4, ack): at most 64 controls and 1 MiB unacknowledged; twice the bytes are
/// taken, since a line is a little longer than what came, and one line of any size that a message may have.
package struct ControlQueue: Sendable {
  package static let maximumCount = 64
  package static let maximumBytes = 1 << 20

  private var lines: Deque<(seq: Int64, line: [UInt8])> = []
  private var bytes = 0
  /// The highest number taken in: what comes again after a reconnect is known by it.
  private var highest: Int64
  /// All up to it is written: what `ack` and `hello` tell the hub.
  package private(set) var cursor: Int64

  /// - Parameter cursor: all up to it was written by an earlier process.
  package init(cursor: Int64 = 0) {
    self.cursor = cursor
    highest = cursor
  }

  package enum Admission: Sendable, Equatable {
    case queued
    case duplicate
    /// The hub sent more than it may.
    case overflow
  }

  /// Takes in a control line (with its LF).
  package mutating func received(seq: Int64, line: [UInt8]) -> Admission {
    guard seq > highest else { return .duplicate }
    guard lines.count < ControlQueue.maximumCount, lines.isEmpty || bytes + line.count <= 2 * ControlQueue.maximumBytes
    else { return .overflow }
    highest = seq
    bytes += line.count
    lines.append((seq, line))
    return .queued
  }

  /// Another connection begins: the hub sends again what is not acknowledged, so that all but the oldest, which may be
  /// written in part, is forgotten. A hub that was set back may have other controls of those numbers.
  ///
  /// - Parameter keepsOldest: false: nothing of it is written.
  package mutating func reconnected(keepsOldest: Bool = true) {
    while lines.count > (keepsOldest ? 1 : 0), let line = lines.popLast() { bytes -= line.line.count }
    highest = lines.first?.seq ?? cursor
  }

  /// The oldest line to write.
  package var next: (seq: Int64, line: [UInt8])? { lines.first }

  /// The oldest line was written whole.
  package mutating func written() {
    guard let line = lines.popFirst() else { return }
    bytes -= line.line.count
    cursor = line.seq
  }
}
