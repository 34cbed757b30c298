import Hummingbird
import RemoteAgentCore

/// The sessions and devices as they change, and who asks to be paired, as the body of an answer.
struct SessionsBody: Sendable {
  let store: HubStore
  let clock: HubClock
  /// How often at most, in milliseconds.
  var interval: Milliseconds = 500
  /// Whether whoever asked may still see it.
  let isAllowed: @Sendable () async -> Bool
  let whenGone: AnswerReaderGone

  func write(to body: any ResponseBodyWriter) async throws {
    let feed = store.changes.all()
    whenGone(feed.finish)
    var wakes = feed.stream.makeAsyncIterator()
    var writer = AnswerWriter(body, isOfEvents: true)
    writer.append(EventStream.comment)
    try await writer.flush()
    var approvals: [Approval] = []
    try await append(&approvals, to: &writer, isFirst: true)
    try await writer.flush()
    var lastWrite = clock.monotonic()
    while await wakes.next() != nil {
      let changed = feed.take()
      for row in changed.sessions.sorted() {
        guard let session = try await store.session(row: row) else { continue }
        writer.append { EventStream.append("agent", session.json, to: &$0) }
        if writer.isFull { try await writer.flush() }
      }
      for clientId in changed.devices.sorted() {
        guard let device = try await store.device(clientId) else { continue }
        writer.append { EventStream.append("device", device.json, to: &$0) }
        if writer.isFull { try await writer.flush() }
      }
      try await append(&approvals, to: &writer)
      if writer.bytes.isEmpty {
        guard clock.monotonic() - lastWrite >= LogBody.silence else { continue }
        guard await isAllowed() else { break }
        writer.append(EventStream.comment)
      }
      try await writer.flush()
      lastWrite = clock.monotonic()
      // What changes meanwhile is told together.
      try await Task.sleep(for: .milliseconds(interval))
    }
    try await writer.finish()
  }

  /// Tells who asks to be paired, if it is not who it was; also time ends what was asked.
  private func append(
    _ approvals: inout [Approval], to writer: inout AnswerWriter, isFirst: Bool = false
  ) async throws {
    let now = clock.wall()
    let current = try await store.approvals(now: now)
    guard isFirst || current != approvals else { return }
    approvals = current
    writer.append { EventStream.append("approvals", .approvals(current, now: now), to: &$0) }
  }
}
