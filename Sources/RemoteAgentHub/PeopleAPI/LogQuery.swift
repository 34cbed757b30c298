import RemoteAgentCore

/// Which of a session's envelopes somebody wants (docs/http-api.md, a session's log).
struct LogQuery: Sendable {
  /// Only numbers beyond it.
  var after: Int64 = 0
  /// Only numbers below it.
  var before: Int64?
  /// At most so many: the last ones below `before`, or else the first ones beyond `after`.
  var limit: Int?
  var text: TextSearch?
  /// Whether the answer waits for more.
  var follows = true

  static let largestLimit = 5_000

  /// - Parameter lastEventId: the header of that name; wins over `after`.
  init(_ query: Query, lastEventId: String?) throws(Problem) {
    after = try query.integer("after", in: 0...Query.largestSeq) ?? 0
    before = try query.integer("before", in: 1...Query.largestSeq)
    limit = try query.integer("limit", in: 1...Int64(Self.largestLimit)).map { Int($0) }
    if let text = query["q"], !text.isEmpty {
      guard let search = TextSearch(text) else { throw .badRequest("q has at most \(TextSearch.longest) bytes") }
      self.text = search
    }
    follows = try query.flag("follow") ?? true
    if before != nil || text != nil { follows = false }
    if let lastEventId, !lastEventId.isEmpty {
      guard let seq = Int64(lastEventId), (0...Query.largestSeq).contains(seq) else {
        throw .badRequest("Last-Event-ID must be a sequence number")
      }
      after = seq
    }
  }

  init() {}

  /// Whether an envelope is wanted, its number aside.
  func wants(_ line: StoredLines.Line, in bytes: ArraySlice<UInt8>) -> Bool {
    guard let text else { return true }
    guard line.type == .log else { return false }
    return bytes[line.payload].withUnsafeBytes { text.matches(payload: $0) }
  }
}

/// Reads what a query wants, in order, a piece at a time; in memory is a row or a few.
struct LogReader: Sendable {
  /// A run of a row's envelopes, and which of them are wanted.
  struct Piece: Sendable {
    let bytes: ArraySlice<UInt8>
    let lines: [StoredLines.Line]
  }

  private var cursor: LogCursor
  private let query: LogQuery
  private let end: Int64
  private var left: Int

  /// - Parameter cursor: the session's; without `follows` nothing beyond it is read.
  init(store: HubStore, row: Int64, query: LogQuery, cursor: Int64) async throws(StoreError) {
    let end = min(query.before ?? .max, query.follows ? .max : cursor + 1)
    var after = query.after
    if query.before != nil, let limit = query.limit {
      after = try await Self.start(store, row: row, query: query, before: end, limit: limit)
    }
    self.cursor = LogCursor(store: store, row: row, after: after)
    self.query = query
    self.end = end
    left = query.limit ?? .max
  }

  /// Whether there is nothing more, ever.
  var isDone: Bool { isFull || cursor.seq >= end - 1 }

  /// Whether as many were read as were wanted.
  var isFull: Bool { left == 0 }

  /// What comes next; empty if nothing is there now.
  mutating func next() async throws(StoreError) -> [Piece] {
    guard !isDone else { return [] }
    var pieces: [Piece] = []
    for bytes in try await cursor.next() {
      var lines: [StoredLines.Line] = []
      for line in StoredLines(bytes) {
        guard left > 0, line.seq < end else { break }
        guard query.wants(line, in: bytes) else { continue }
        lines.append(line)
        left -= 1
      }
      pieces.append(Piece(bytes: bytes, lines: lines))
    }
    return pieces
  }

  /// The number beyond which the last `limit` wanted ones below `before` begin.
  private static func start(
    _ store: HubStore, row: Int64, query: LogQuery, before: Int64, limit: Int
  ) async throws(StoreError) -> Int64 {
    var left = limit
    var place = before
    while !Task.isCancelled, let batch = try await store.batch(row: row, before: place), batch.lastSeq > query.after {
      let bytes = batch.bytes[...]
      let wanted = StoredLines(bytes).filter {
        $0.seq < place && $0.seq > query.after && query.wants($0, in: bytes)
      }
      if wanted.count >= left { return wanted[wanted.count - left].seq - 1 }
      left -= wanted.count
      place = batch.firstSeq
    }
    return query.after
  }
}
