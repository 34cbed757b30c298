import HTTPTypes
import Hummingbird
import NIOCore
import RemoteAgentCore

extension PeopleAPI {
  func sessions(_ query: Query) async throws(Problem) -> Response {
    var filter = SessionFilter()
    if let state = query["state"], !state.isEmpty {
      guard let state = SessionRecord.State(rawValue: state) else {
        throw .badRequest("state must be starting, live, away or ended")
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

  /// Has an agent started.
  func start(_ body: [UInt8], person: PersonToken) async throws(Problem) -> Response {
    .json(.accepted, ["id": .string(try await runners.start(try JSON.object(body), by: person.name))])
  }

  func sessionsStream(_ person: PersonToken, context: HubRequestContext) -> Response {
    let (store, clock, isAllowed) = (store, clock, stillGood(person))
    return stream("text/event-stream", to: person, context: context) { writer, whenGone in
      try await SessionsBody(store: store, clock: clock, isAllowed: isAllowed, whenGone: whenGone).write(to: writer)
    }
  }

  func log(
    of session: SessionRecord, request: Request, query: Query, person: PersonToken, context: HubRequestContext
  ) async throws(Problem) -> Response {
    let query = try LogQuery(query, lastEventId: request.headers[.lastEventId])
    let (store, clock, isAllowed) = (store, clock, stillGood(person))
    let body = { @Sendable (whenGone: @escaping AnswerReaderGone) in
      LogBody(
        store: store, row: session.row, query: query, clock: clock, isAllowed: isAllowed, whenGone: whenGone)
    }
    let accepts = request.headers[.accept] ?? ""
    if accepts.contains("application/x-ndjson") {
      return stream("application/x-ndjson", to: person, context: context) { try await body($1).writeLines(to: $0) }
    }
    // What an `EventSource` needs to hear so that it doesn't ask again for ever (HTML standard).
    if query.follows, session.state == .ended, query.after >= session.cursor {
      return Response(status: .noContent, headers: [.cacheControl: "no-store"])
    }
    return stream("text/event-stream", to: person, context: context) { try await body($1).writeEvents(to: $0) }
  }

  func raw(
    of session: SessionRecord, query: Query, person: PersonToken, context: HubRequestContext
  ) async throws(Problem) -> Response {
    guard let name = query["stream"].flatMap(LogStream.init(rawValue:)) else {
      throw .badRequest("stream must be stdout, stderr, stdin or pty")
    }
    let store = store
    var response = stream("application/octet-stream", to: person, context: context) { body, _ in
      var writer = AnswerWriter(body)
      var wanted = LogQuery()
      wanted.follows = false
      var reader = try await LogReader(store: store, row: session.row, query: wanted, cursor: session.cursor)
      let raw = RawStream(name)
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
    response.headers[.contentDisposition] = "attachment; filename=\"\(session.id)-\(name.rawValue).txt\""
    return response
  }

  /// What its agent asks and nobody has decided. Each question may be as long as an envelope, so they are not gathered here.
  func questions(
    of session: SessionRecord, person: PersonToken, context: HubRequestContext
  ) async throws(Problem) -> Response {
    let (store, row) = (store, session.row)
    let questions = try await stored { try await store.questions(row: row) }
    return stream("application/json", to: person, context: context) { body, _ in
      var writer = AnswerWriter(body)
      writer.append("{\"items\":[".utf8)
      for (index, question) in questions.enumerated() {
        if index > 0 { writer.append(",".utf8) }
        let whole = try await store.whole(question, row: row)
        writer.append(whole.serialized())
        if writer.isFull { try await writer.flush() }
      }
      writer.append("],\"next\":null}".utf8)
      try await writer.finish()
    }
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
      await registry.controlsWaiting(.session(session.row))
      return .json(.accepted, ["seq": .integer(seq)])
    case .notSteerable: throw .notSteerable
    case .ended: throw .sessionEnded
    case .tooMany: throw .tooManyControls
    }
  }
}
