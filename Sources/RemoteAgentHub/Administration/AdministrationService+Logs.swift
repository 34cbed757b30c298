import RemoteAgentCore

extension AdministrationService {
  /// Sends a session's envelopes beyond a number, as they are stored: to the cursor of now, or, with `follow`, until the
  /// session has ended. At most 1 MiB is in memory, or one row.
  func sendLogs(
    of session: SessionRecord, after: Int64, follow: Bool, to answer: AdministrationAnswer
  ) async throws {
    // Before the first look: what is stored after that look wakes us.
    var news = store.changes.of(row: session.row).stream.makeAsyncIterator()
    var cursor = LogCursor(store: store, row: session.row, after: after)
    while follow || cursor.seq < session.cursor {
      // Its state before its envelopes: when an end is seen, all before it is stored.
      let current = follow ? try await store.session(row: session.row) : session
      let pieces = try await cursor.next()
      if pieces.isEmpty {
        guard follow, let current, current.state != .ended else { return }
        // The hub goes: what comes after this is missing, so the answer has no end.
        guard await news.next() != nil else { throw AdministrationError.brokenOff }
      }
      for piece in pieces { try await answer.send(piece) }
    }
  }
}
