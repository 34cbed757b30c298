/// What a HTTP connection is doing, so far as its deadlines and its end depend on it.
///
///     idle ──head──► receiving ──end──► answering ──answer's end──► idle
///                                           └── the answer closes ──► lingering
///
/// Several requests may be under way (pipelining); they are answered in order.
struct HTTPExchange: Sendable, Equatable {
  /// The deadline that holds now.
  enum Deadline: Sendable, Equatable {
    /// Until the next request's header block is there.
    case idle
    /// Until the request's body is there.
    case body
  }

  private var isReceiving = false
  private var unanswered = 0
  private var closesAfterThis = false
  private var closesAfterAll = false
  private(set) var isLingering = false

  /// Nil while answers are being made: an answer may take its time.
  var deadline: Deadline? {
    if isLingering { return nil }
    if isReceiving { return .body }
    return unanswered == 0 ? .idle : nil
  }

  /// Whether no request is under way.
  var isQuiet: Bool { unanswered == 0 && !isReceiving }

  /// Whether the next answer is to say that the connection ends with it.
  var nextAnswerCloses: Bool { closesAfterAll && unanswered == 1 }

  mutating func receivedHead() {
    isReceiving = true
    unanswered += 1
  }

  mutating func receivedEnd() { isReceiving = false }

  /// The answer that is being written says that the connection ends with it.
  mutating func answerCloses() { closesAfterThis = true }

  /// No request can follow those that are under way.
  mutating func noMoreRequests() { closesAfterAll = true }

  /// An answer is written; true if the connection is to be closed now.
  mutating func answered() -> Bool {
    unanswered = max(0, unanswered - 1)
    if closesAfterThis || (closesAfterAll && unanswered == 0) { isLingering = true }
    return isLingering
  }

  /// The server is stopping; true if the connection is to be closed now.
  mutating func stopping() -> Bool {
    if isQuiet { isLingering = true } else { closesAfterAll = true }
    return isLingering
  }

  /// Nothing that comes is of use any more.
  mutating func lingers() { isLingering = true }
}
