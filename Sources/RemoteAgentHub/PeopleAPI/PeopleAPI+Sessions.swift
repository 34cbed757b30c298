import HTTPTypes
import Hummingbird
import NIOCore
import RemoteAgentCore

extension PeopleAPI {
  func sessions(_ query: Query) async throws(Problem) -> Response {
    var filter = SessionFilter()
    if let state = query["state"], !state.isEmpty {
      guard let state = SessionRecord.State(rawValue: state) else {
        throw .badRequest("state must be live, away or ended")
      }
      filter.state = state
    }
    filter.clientId = query["device"].flatMap { $0.isEmpty ? nil : $0 }
    filter.text = query["q"]
    guard (filter.text ?? "").utf8.count <= TextSearch.longest else {
      throw .badRequest("q has at most \(TextSearch.longest) bytes")
    }
    filter.before = try query.integer("before", in: 1...Query.largestSeq)
    let limit = Int(try query.integer("limit", in: 1...500) ?? 100)
    let wanted = filter
    let sessions = try await stored { try await store.sessions(wanted, limit: limit + 1) }
    let page = sessions.prefix(limit)
    let next = sessions.count > limit ? page.last.map { JSON.integer($0.opened) } ?? .null : .null
    return .json(.ok, ["items": .array(page.map(\.json)), "next": next])
  }

  func sessionsStream(_ person: PersonToken, context: HubRequestContext) -> Response {
    let body = SessionsBody(store: store, clock: clock, isAllowed: stillGood(person), onClose: context.onClose)
    return .stream("text/event-stream") { try await body.write(to: $0) }
  }

  func log(
    of session: SessionRecord, request: Request, query: Query, person: PersonToken, context: HubRequestContext
  ) async throws(Problem) -> Response {
    let query = try LogQuery(query, lastEventId: request.headers[.lastEventId])
    let body = LogBody(
      store: store, row: session.row, query: query, clock: clock, isAllowed: stillGood(person),
      onClose: context.onClose)
    let accepts = request.headers[.accept] ?? ""
    if accepts.contains("application/x-ndjson") {
      return .stream("application/x-ndjson") { try await body.writeLines(to: $0) }
    }
    // What an `EventSource` needs to hear so that it doesn't ask again for ever (HTML standard).
    if query.follows, session.state == .ended, query.after >= session.cursor {
      return Response(status: .noContent, headers: [.cacheControl: "no-store"])
    }
    return .stream("text/event-stream") { try await body.writeEvents(to: $0) }
  }

  func raw(of session: SessionRecord, query: Query) async throws(Problem) -> Response {
    guard let stream = query["stream"].flatMap(LogStream.init(rawValue:)) else {
      throw .badRequest("stream must be stdout, stderr, stdin or pty")
    }
    let store = store
    var response = Response.stream("application/octet-stream") { body in
      var writer = AnswerWriter(body)
      var wanted = LogQuery()
      wanted.follows = false
      var reader = try await LogReader(store: store, row: session.row, query: wanted, cursor: session.cursor)
      let raw = RawStream(stream)
      while !reader.isDone {
        let pieces = try await reader.next()
        if pieces.isEmpty { break }
        for piece in pieces {
          for line in piece.lines where line.type == .log {
            writer.append { raw.append(payload: piece.bytes[line.payload], to: &$0) }
            if writer.isFull { try await writer.flush() }
          }
        }
      }
      try await writer.finish()
    }
    response.headers[.contentDisposition] = "attachment; filename=\"\(session.id)-\(stream.rawValue).txt\""
    return response
  }

  func controls(of session: SessionRecord) async throws(Problem) -> Response {
    let controls = try await stored { try await store.controls(row: session.row, now: clock.wall()) }
    return .json(.ok, ["items": .array(controls.map(\.json)), "next": .null])
  }

  func control(_ session: SessionRecord, body: [UInt8], person: PersonToken) async throws(Problem) -> Response {
    let control = try ControlRequest(try JSON.object(body))
    let admission = try await stored {
      try await store.enqueueControl(
        row: session.row, payload: control.payload, ttlMs: control.ttlMs, by: person.name, now: clock.wall())
    }
    switch admission {
    case .accepted(let seq):
      await registry.controlsWaiting(row: session.row)
      return .json(.accepted, ["seq": .integer(seq)])
    case .notSteerable: throw .notSteerable
    case .ended: throw .sessionEnded
    case .tooMany: throw .tooManyControls
    }
  }
}

extension Response {
  /// An answer that is written as it is read.
  static func stream(
    _ type: String, _ write: @escaping @Sendable (any ResponseBodyWriter) async throws -> Void
  ) -> Response {
    Response(
      // A proxy that gathers an answer before it passes it on would hold back a stream (nginx).
      status: .ok, headers: [.contentType: type, .cacheControl: "no-store", .xAccelBuffering: "no"],
      body: ResponseBody { try await write($0) })
  }
}
