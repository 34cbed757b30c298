import RemoteAgentCore

extension AdministrationService {
  /// Sends a session's envelopes beyond a number, as they are stored: to the cursor of now, or, with `follow`, until the
  /// session has ended. At most 1 MiB is in memory.
  func sendLogs(
    of session: SessionRecord, after: Int64, follow: Bool, to answer: AdministrationAnswer
  ) async throws {
    // Before the first look: what is stored after that look wakes us.
    var news = store.changes.of(row: session.row).makeAsyncIterator()
    var sent = after
    while follow || sent < session.cursor {
      // Its state before its batches: when an end is seen, all before it is stored.
      let current = follow ? try await store.session(row: session.row) : session
      let batches = try await store.batches(row: session.row, after: sent, maximumBytes: 1 << 20)
      if batches.isEmpty {
        guard follow, let current, current.state != .ended, await news.next() != nil else { return }
      }
      for batch in batches {
        try await answer.send(batch.firstSeq > sent ? batch.bytes[...] : batch.bytes(after: sent))
        sent = batch.lastSeq
      }
    }
  }
}

extension StoredBatch {
  /// The envelopes with a number beyond `seq`.
  func bytes(after seq: Int64) -> ArraySlice<UInt8> {
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      let isBeyond = bytes.withUnsafeBytes { bytes in
        guard case .number(let number)? = try? Envelope(scanning: .init(rebasing: bytes[start..<end])).seq else {
          return false
        }
        return number > seq
      }
      if isBeyond { break }
      start = end + 1
    }
    return bytes[min(start, bytes.count)...]
  }
}
