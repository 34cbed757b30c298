import RemoteAgentCore
import RemoteAgentHub

/// A hub with somebody who may use it, and a session in its store.
struct PersonFixture {
  let hub: TestHub
  let token: String
  let clientId: String
  let session: OpenedSession

  var store: HubStore { hub.running.store }
  var authorized: [(String, String)] { [("Authorization", "Bearer \(token)")] }
  var path: String { "/api/agents/\(session.id)" }

  static func with(
    _ configure: (inout HubSettings) -> Void = { _ in }, _ body: (PersonFixture) async throws -> Void
  ) async throws {
    try await TestHub.with(configure) { hub in
      let store = hub.running.store
      let now = hub.skew.clock.wall()
      let clientId = try await StoreFixture.pair(in: store, now: now).clientId
      let session = try await open("s1", clientId: clientId, in: store, now: now)
      try await body(
        PersonFixture(
          hub: hub, token: try await store.createPersonToken(.api, name: "script", now: now).secret,
          clientId: clientId, session: session))
    }
  }

  static func open(
    _ name: String, title: String = "title", clientId: String, in store: HubStore, now: Int64, control: Bool = true
  ) async throws -> OpenedSession {
    let description = SessionDescription(
      sessionId: name, writer: StoreFixture.writer("a"), append: false, control: control, title: title, agent: "claude",
      host: "host", cwd: "/work", labels: [])
    let hello = SessionHello(clientId: clientId, description: description, deviceControlCursor: 0)
    guard let session = try await store.open(hello, now: now) else { throw TestFailure("the session was refused") }
    return session
  }

  func ask(
    _ method: String, _ path: String, headers: [(String, String)] = [], body: String? = nil
  ) async throws -> TestAnswer {
    try await hub.ask(method, path, headers: authorized + headers, body: body)
  }

  /// Stores lines of the session.
  func store(_ seqs: ClosedRange<Int64>, text: String = "x") async throws {
    _ = try await store.commit(StoreFixture.batch(seqs, text: text), row: session.row, now: hub.skew.clock.wall())
  }

  /// Stores the session's end.
  func end(at seq: Int64) async throws {
    let batch = StoreFixture.fact(seq, .end(bytes: 0, lines: 0))
    _ = try await store.commit(batch, row: session.row, now: hub.skew.clock.wall())
  }

  /// Opens a stream of events.
  func events(_ path: String, headers: [(String, String)] = []) async throws -> TestEvents {
    let connection = try await TestConnection.open(to: hub)
    try await connection.request("GET", path, headers: authorized + headers)
    return TestEvents(connection: connection, head: try await connection.head())
  }
}

/// An event stream as a browser reads it.
struct TestEvent: Sendable, Equatable {
  var event = ""
  var id: String?
  var data: [String] = []

  var json: JSON { (try? JSON(parsing: Array(data.joined(separator: "\n").utf8))) ?? .null }
}

/// Reads the events of a chunked answer.
actor TestEvents {
  let connection: TestConnection
  let head: TestAnswer
  private var body: [UInt8] = []
  private(set) var comments = 0
  private(set) var isWhole = false

  init(connection: TestConnection, head: TestAnswer) {
    self.connection = connection
    self.head = head
  }

  /// The next event; nil at the end.
  func next() async throws -> TestEvent? {
    while true {
      if let end = Self.blankLine(in: body) {
        let lines = String(decoding: body[..<end], as: UTF8.self).split(
          separator: "\n", omittingEmptySubsequences: false)
        body.removeFirst(end + 1)
        var event = TestEvent()
        for line in lines {
          let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
          let value = parts.count > 1 ? String(parts[1].dropFirst(parts[1].hasPrefix(" ") ? 1 : 0)) : ""
          switch parts.first {
          case "event": event.event = value
          case "id": event.id = value
          case "data": event.data.append(value)
          default: comments += 1
          }
        }
        if !event.data.isEmpty { return event }
        continue
      }
      guard let chunk = try await connection.chunk() else { return nil }
      if chunk.isEmpty {
        isWhole = true
        return nil
      }
      body += chunk
    }
  }

  /// The next event of that name.
  func next(_ name: String) async throws -> TestEvent? {
    while let event = try await next() {
      if event.event == name { return event }
    }
    return nil
  }

  /// All that are left.
  func rest() async throws -> [TestEvent] {
    var events: [TestEvent] = []
    while let event = try await next() { events.append(event) }
    return events
  }

  private static func blankLine(in bytes: [UInt8]) -> Int? {
    bytes.indices.dropLast().first { bytes[$0] == 0x0A && bytes[$0 + 1] == 0x0A }.map { $0 + 1 }
  }
}

extension TestConnection {
  /// An answer's head; its body is still to be read.
  func head() async throws -> TestAnswer {
    var answer = try await answer(readsBody: false)
    if answer.header("transfer-encoding") == nil { answer = answer.with(body: try await body(of: answer)) }
    return answer
  }

  /// The next chunk of a chunked body; empty at its end; nil if the connection ends before.
  func chunk() async throws -> [UInt8]? {
    while true {
      if let end = input.firstIndex(of: 0x0A) {
        let text = String(decoding: input[..<end], as: UTF8.self)
        guard let size = Int(text.prefix { $0.isHexDigit }, radix: 16) else { throw TestFailure("no chunk: \(text)") }
        if input.count >= end + 1 + size + 2 {
          let chunk = Array(input[(end + 1)..<(end + 1 + size)])
          _ = take(end + 1 + size + 2)
          return chunk
        }
      }
      guard try await more() else { return nil }
    }
  }

  /// All of a chunked body; throws if it is cut.
  func chunkedBody() async throws -> [UInt8] {
    var body: [UInt8] = []
    while let chunk = try await chunk() {
      if chunk.isEmpty { return body }
      body += chunk
    }
    throw TestFailure("the body is cut")
  }
}

extension PersonFixture {
  /// The lines of an answer in NDJSON.
  func lines(_ path: String) async throws -> [JSON] {
    let connection = try await TestConnection.open(to: hub)
    try await connection.request("GET", path, headers: authorized + [("Accept", "application/x-ndjson")])
    let head = try await connection.head()
    guard head.status == 200 else { throw TestFailure("\(head.status) \(head.code ?? "")") }
    let body = try await connection.chunkedBody()
    await connection.close()
    return try body.split(separator: 0x0A).map { try JSON(parsing: $0) }
  }

  func seqs(_ path: String) async throws -> [Int64] { try await lines(path).compactMap { $0["seq"]?.integer } }
}
