import Hummingbird
import NIOCore
import Synchronization

extension PeopleAPI {
  /// How long an answer whose reader's token was revoked has to end in good order, before its connection is cut.
  private static let revocationGrace = TimeAmount.milliseconds(500)

  /// An answer that is written as it is read. It ends when its reader is gone, or no longer let in.
  ///
  /// - Parameter write: gets what has something done when that is so.
  func stream(
    _ type: String, to person: PersonToken, context: HubRequestContext,
    _ write: @escaping @Sendable (any ResponseBodyWriter, @escaping AnswerReaderGone) async throws -> Void
  ) -> Response {
    let (streams, channel, onClose, isAllowed) = (store.streams, context.channel, context.onClose, stillGood(person))
    return Response(
      // A proxy that gathers an answer before it passes it on would hold back a stream (nginx).
      status: .ok, headers: [.contentType: type, .cacheControl: "no-store", .xAccelBuffering: "no"],
      body: ResponseBody { body in
        let reader = StreamReader()
        let key = streams.begin(token: person.id) {
          reader.isGone()
          channel.eventLoop.scheduleTask(in: Self.revocationGrace) {
            if !reader.isOver { channel.close(promise: nil) }
          }
        }
        onClose(reader.isGone)
        defer {
          reader.answerIsOver()
          streams.over(key, token: person.id)
        }
        guard await isAllowed() else { throw CancellationError() }
        try await write(body, reader.whenGone)
      })
  }
}

/// Has something done when the reader of an answer is gone, or no longer let in; at once if that is so already.
typealias AnswerReaderGone = @Sendable (@escaping @Sendable () -> Void) -> Void

/// Whoever reads one answer.
private final class StreamReader: Sendable {
  private struct State {
    var isGone = false
    var isOver = false
    var work: [@Sendable () -> Void] = []
  }

  private let state = Mutex(State())

  /// Whether the answer has been written to its end, or given up.
  var isOver: Bool { state.withLock { $0.isOver } }

  func answerIsOver() { state.withLock { $0.isOver = true } }

  func isGone() {
    let work = state.withLock { state in
      defer { state.work = [] }
      state.isGone = true
      return state.work
    }
    for work in work { work() }
  }

  func whenGone(_ work: @escaping @Sendable () -> Void) {
    let isGone = state.withLock { state in
      if !state.isGone { state.work.append(work) }
      return state.isGone
    }
    if isGone { work() }
  }
}
