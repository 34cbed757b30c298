extension DeviceSession {
  /// Whether the driver should take in more input, where there is no spool: there is room.
  package var wantsInput: Bool { !isInputEnded && !replay.isFull }

  /// Lines taken in and not yet acknowledged.
  package var unacknowledgedCount: Int64 { replay.count }

  /// The position of the oldest line that is neither acknowledged nor lost: the spool needs none before it.
  package var releasedPosition: Int64 { replay.position }

  /// The number of the newest line that is acknowledged or lost; nil before this process gives numbers.
  package var releasedNumber: Int64? { replay.firstNumber.map { $0 - 1 } }

  /// Lines of which a gap told that they are lost on this side.
  package var lostCount: Int64 { replay.lostCount }

  /// A line was taken in, and stands in the spool if there is one.
  package mutating func took(_ line: InputLine) {
    precondition(!isInputEnded)
    newestTs = line.ts
    // Lines go out in order: once one is left behind, all after it are.
    if hasSpool, replay.behind > 0 || replay.isFull {
      replay.leftBehind(1)
    } else {
      replay.append(line.type, ts: line.ts, payload: line.payload)
    }
  }

  /// The input ended: the session is complete, and its `end` was the last line taken in.
  package mutating func inputEnded() { isInputEnded = true }

  /// The position of the line that the driver should fetch from the spool; nil if there is none, or no room.
  package var wantedPosition: Int64? { replay.behind > 0 && !replay.isFull ? replay.fetchPosition : nil }

  /// The line at `wantedPosition` was fetched.
  package mutating func fetched(_ line: InputLine) {
    guard replay.behind > 0 else { return }
    newestTs = line.ts
    replay.fetched()
    replay.append(line.type, ts: line.ts, payload: line.payload)
  }

  /// The lines before `position` can't be sent any more: what of them the hub doesn't have becomes a gap.
  ///
  /// Without effect on lines that are acknowledged already. Where the lines are not the oldest held (`reason` `lost`), the
  /// driver waits until they are (`releasedPosition` is `wantedPosition`).
  ///
  /// - Parameter bytes: of their payloads, 0 if unknown.
  package mutating func discarded(before position: Int64, bytes: Int64, reason: GapReason) {
    replay.discard(min(position - replay.position, replay.count), bytes: bytes, reason: reason)
  }

  /// The oldest control line to write to standard output, with its LF.
  package var nextControl: (seq: Int64, line: [UInt8])? { controls.next }

  /// `nextControl` was written whole, and that is noted.
  package mutating func controlWritten() { controls.written() }
}
