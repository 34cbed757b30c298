extension DeviceSession {
  /// Whether the driver should take in more input: there is room.
  package var wantsInput: Bool { !isInputEnded && !replay.isFull }

  /// Whether a hub has ever greeted this session.
  package var hasOpened: Bool { hasGreeted }

  /// Lines taken in and not yet acknowledged.
  package var unacknowledgedCount: Int { replay.count }

  /// A line was taken in.
  package mutating func took(_ line: InputLine) {
    precondition(!isInputEnded)
    newestTs = line.ts
    replay.append(line.type, ts: line.ts, payload: line.payload)
  }

  /// The input ended: the session is complete.
  package mutating func inputEnded(bytes: Int64, lines: Int64, ts: Int64) {
    guard !isInputEnded else { return }
    isInputEnded = true
    let end: JSON = ["state": "end", "bytes": .integer(bytes), "lines": .integer(lines)]
    replay.append(.status, ts: ts, payload: end.serialized())
  }

  /// The oldest control line to write to standard output, with its LF.
  package var nextControl: [UInt8]? { controls.next?.line }

  /// `nextControl` was written whole.
  package mutating func controlWritten() { controls.written() }
}
