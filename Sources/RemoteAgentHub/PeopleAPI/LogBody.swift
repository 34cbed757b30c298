import Hummingbird
import RemoteAgentCore

/// A session's log as the body of an answer: lines, or events that go on as there is more.
struct LogBody: Sendable {
  /// How long an event stream is silent at most, in milliseconds.
  static let silence: Milliseconds = 15_000
  /// How often at most it tells the session's state, in milliseconds.
  static let agentInterval: Milliseconds = 500

  let store: HubStore
  let row: Int64
  let query: LogQuery
  let clock: HubClock
  /// Whether whoever asked may still see it.
  let isAllowed: @Sendable () async -> Bool
  let whenGone: AnswerReaderGone

  /// The envelopes, one a line.
  func writeLines(to body: any ResponseBodyWriter) async throws {
    let news = store.changes.of(row: row)
    whenGone(news.finish)
    var wakes = news.stream.makeAsyncIterator()
    var writer = AnswerWriter(body)
    guard let session = try await store.session(row: row) else { return try await writer.finish() }
    var reader = try await LogReader(store: store, row: row, query: query, cursor: session.cursor)
    while !reader.isDone {
      // Its state before its envelopes: when an end is seen, all before it is stored.
      let state = query.follows ? try await store.session(row: row)?.state : .ended
      let pieces = try await reader.next()
      for piece in pieces {
        for line in piece.lines {
          writer.append(piece.bytes[line.range])
          writer.append(CollectionOfOne(UInt8(ascii: "\n")))
          if writer.isFull { try await writer.flush() }
        }
      }
      try await writer.flush()
      guard pieces.isEmpty else { continue }
      guard let state, state != .ended else { break }
      // An answer that ends in between must not look whole.
      guard await isAllowed(), await wakes.next() != nil else { throw CancellationError() }
    }
    try await writer.finish()
  }

  /// The envelopes as events, with the session's controls and state beside them.
  func writeEvents(to body: any ResponseBodyWriter) async throws {
    let news = store.changes.of(row: row)
    whenGone(news.finish)
    var wakes = news.stream.makeAsyncIterator()
    var writer = AnswerWriter(body, isOfEvents: true)
    var watched = WatchedSession(interval: Self.agentInterval)
    var lastWrite = clock.monotonic()
    writer.append(EventStream.comment)
    guard let session = try await store.session(row: row) else { return try await writer.finish() }
    var reader = try await LogReader(store: store, row: row, query: query, cursor: session.cursor)
    while true {
      // Its state before its envelopes: when an end is seen, all before it is stored.
      guard let session = try await store.session(row: row) else { break }
      let now = clock.monotonic()
      for (seq, result) in try await store.controlResults(row: row) where watched.isNews(control: seq, result) {
        guard let control = try await store.control(row: row, seq: seq) else { continue }
        writer.append { EventStream.append("control", control.json, to: &$0) }
        if writer.isFull { try await writer.flush() }
      }
      switch watched.look(at: session, now: now) {
      case .tell: writer.append { EventStream.append("agent", session.json, to: &$0) }
      case .later(let delay):
        Task {
          try? await Task.sleep(for: .milliseconds(delay))
          news.wake()
        }
      case .nothing: break
      }
      let pieces = try await reader.next()
      for piece in pieces {
        for line in piece.lines {
          writer.append {
            EventStream.append(line.type?.rawValue ?? "log", id: line.seq, data: piece.bytes[line.range], to: &$0)
          }
          if writer.isFull { try await writer.flush() }
        }
      }
      if pieces.isEmpty {
        if session.state == .ended, query.follows, !reader.isFull {
          writer.append { EventStream.append("end", session.json, to: &$0) }
          break
        }
        if reader.isDone || !query.follows { break }
        if writer.bytes.isEmpty, now - lastWrite >= Self.silence {
          guard await isAllowed() else { break }
          writer.append(EventStream.comment)
        }
      }
      if !writer.bytes.isEmpty { lastWrite = now }
      try await writer.flush()
      if pieces.isEmpty, await wakes.next() == nil { break }
    }
    try await writer.finish()
  }
}

/// What a watcher of a session was told of it.
struct WatchedSession {
  enum Look: Equatable {
    case tell
    /// It has news, and it is too early to tell them: to be looked at again after so many milliseconds.
    case later(Milliseconds)
    case nothing
  }

  private let interval: Milliseconds
  private var told: SessionRecord?
  private var toldAt: Milliseconds = 0
  private var isScheduled = false
  private var results: [Int64: ControlResult] = [:]

  init(interval: Milliseconds) {
    self.interval = interval
  }

  mutating func look(at session: SessionRecord, now: Milliseconds) -> Look {
    guard let told else { return tell(session, now: now) }
    guard told != session else { return .nothing }
    if told.state != session.state || now - toldAt >= interval { return tell(session, now: now) }
    if isScheduled { return .nothing }
    isScheduled = true
    return .later(toldAt + interval - now)
  }

  private mutating func tell(_ session: SessionRecord, now: Milliseconds) -> Look {
    told = session
    toldAt = now
    isScheduled = false
    return .tell
  }

  /// Whether a control is new, or something became of it. At most the last 100 are remembered.
  mutating func isNews(control seq: Int64, _ result: ControlResult) -> Bool {
    guard results[seq] != result else { return false }
    results[seq] = result
    if results.count > 200 { results = results.filter { $0.key > seq - 150 } }
    return true
  }
}
