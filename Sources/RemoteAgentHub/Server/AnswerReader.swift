import NIOHTTP1

/// What is known of whoever reads an answer.
struct AnswerReader: Sendable, Equatable {
  private var readsEvents = false
  private var readsLines = false
  /// It took nothing for too long: nothing more is written to it.
  private(set) var isCut = false

  /// Whether the answer goes on as there is more: a reader that closes its side then wants no more of it.
  var isFollowing: Bool { readsEvents || readsLines }

  /// An answer begins.
  mutating func answers(with head: HTTPResponseHead) {
    let types = head.headers[canonicalForm: "content-type"]
    readsEvents = types.contains("text/event-stream")
    readsLines = types.contains("application/x-ndjson")
  }

  /// Cuts it off; true if it is to be told by a last event.
  mutating func cut() -> Bool {
    isCut = readsEvents
    return readsEvents
  }
}
