import RemoteAgentCore
import RemoteAgentHub

/// A store in a folder of its own, with a device in it, at a time that a test chooses.
struct StoreFixture {
  static let now: Int64 = 1_800_000_000_000

  let folder: TemporaryFolder
  let store: HubStore
  let clientId: String

  init(lives: TokenLives = TokenLives()) async throws {
    folder = try TemporaryFolder()
    store = try HubStore(folder: folder.path, lives: lives)
    clientId = try await Self.pair(in: store).clientId
  }

  /// The same folder's store opened again, as after a restart.
  func reopened() throws -> HubStore { try HubStore(folder: folder.path, lives: TokenLives()) }

  static func pair(in store: HubStore, fingerprint: String = "key", now: Int64 = now) async throws -> Pairing {
    let code = try await store.createPairingCode(now: now).code
    let pairing = try await store.pair(
      code: code, fingerprint: fingerprint, label: "desk", platform: "linux-x86_64", address: "192.0.2.7", now: now)
    guard let pairing else { throw TestFailure("the code was refused") }
    return pairing
  }

  static func writer(_ digit: Character) -> String { String(repeating: digit, count: 32) }

  func hello(
    _ session: String = "s1", writer: String = writer("a"), append: Bool = false, control: Bool = true,
    controlCursor: Int64 = 0
  ) -> SessionHello {
    let description = SessionDescription(
      sessionId: session, writer: writer, append: append, control: control, title: "title", agent: "claude",
      host: "host",
      cwd: "/work", labels: [.init("team", "a")])
    return SessionHello(clientId: clientId, description: description, deviceControlCursor: controlCursor)
  }

  func open(_ hello: SessionHello, now: Int64 = now) async throws -> OpenedSession {
    guard let opened = try await store.open(hello, now: now) else { throw TestFailure("the session was refused") }
    return opened
  }

  /// A batch of `log` envelopes.
  static func batch(_ seqs: ClosedRange<Int64>, text: String = "x", facts: [HubBatch.Fact] = []) -> HubBatch {
    let lines = seqs.map {
      "{\"type\":\"log\",\"seq\":\($0),\"ts\":5,\"payload\":{\"stream\":\"stdout\",\"text\":\"\(text)\"}}\n"
    }
    return HubBatch(
      firstSeq: seqs.lowerBound, lastSeq: seqs.upperBound, bytes: Array(lines.joined().utf8), logLines: seqs.count,
      logBytes: 10 * seqs.count, facts: facts)
  }

  /// A batch of one `status` envelope.
  static func fact(_ seq: Int64, _ status: Status) -> HubBatch {
    HubBatch(
      firstSeq: seq, lastSeq: seq, bytes: Array("{\"type\":\"status\",\"seq\":\(seq),\"payload\":{}}\n".utf8),
      logLines: 0,
      logBytes: 0, facts: [.init(seq: seq, status: status)])
  }

  /// A batch in which an agent asks to be allowed, an envelope a question; what it is about are members as they are to stand.
  static func asking(_ questions: [(requestId: String, about: String)]) -> HubBatch {
    let lines = questions.enumerated().map { index, question in
      #"{"type":"status","seq":\#(index + 1),"payload":{"state":"approval","requestId":"\#(question.requestId)","#
        + #""tool":"Bash",\#(question.about)}}"# + "\n"
    }
    return HubBatch(
      firstSeq: 1, lastSeq: Int64(questions.count), bytes: Array(lines.joined().utf8), logLines: 0, logBytes: 0,
      facts: questions.enumerated().map { index, question in
        .init(seq: Int64(index + 1), status: .asked(requestId: question.requestId, tool: "Bash"))
      })
  }

  /// Takes a control in; returns its number.
  func send(_ text: String, to row: Int64, ttlMs: Int64 = 1_000, now: Int64 = now) async throws -> Int64 {
    let payload = JSON(dictionaryLiteral: ("action", "prompt"), ("text", .string(text))).serialized()
    let admission = try await store.enqueueControl(row: row, payload: payload, ttlMs: ttlMs, by: "test", now: now)
    guard case .accepted(let seq) = admission else { throw TestFailure("\(admission)") }
    return seq
  }

  func results(_ row: Int64, now: Int64 = now) async throws -> [ControlResult] {
    try await store.controls(row: row, now: now).map(\.result)
  }
}
