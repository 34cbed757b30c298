/// The hub's side of one connection of a device (PROTOCOL section 4), without I/O and without the store.
///
///                 hello               opened
///     greeting ─────────► opening ─────────────► streaming ──error, revoked …──► closing ──all committed──► closed
///
/// Rules: what arrives in order is handed out to be stored, once; it is acknowledged after `committed` and never before;
/// a number at or below the cursor is a duplicate, acknowledged again. After an error nothing more is taken in, but what
/// came before it is still stored and acknowledged before the close.
///
/// The driver calls an input, then `nextEffect` until it gives nil, and again at `deadline`. It reads no further while
/// `wantsInput` is false (that, and late acknowledgements, is the backpressure).
package struct HubSession: Sendable {
  package struct Configuration: Sendable {
    /// `ra-hub/0.1.0`
    package var server: String
    package var heartbeatInterval = Heartbeat.defaultInterval
    package var heartbeatTimeout = Heartbeat.defaultTimeout
    /// The largest message in bytes, at least 1 MiB.
    package var messageLimit = 1 << 20
    /// Bytes of messages that a device may have unacknowledged.
    package var window = 8 << 20

    package init(server: String) {
      self.server = server
    }
  }

  private enum Phase {
    case greeting(since: Milliseconds)
    case opening
    case streaming
    /// Waiting for commits, then the close.
    case closing(code: UInt16, error: JSON?)
    case closed
  }

  private static let helloTimeout: Milliseconds = 10_000

  private let configuration: Configuration
  private let clientId: String
  private var phase: Phase
  private var heartbeat: Heartbeat
  private var tokenExpiry: Milliseconds
  private var effects: [Effect] = []
  private var sessionId = ""

  /// All up to it was taken in on this connection or is stored.
  private var taken: Int64 = 0
  /// All up to it is durable.
  private var durable: Int64 = 0
  private var isEnded = false
  private var owesAcknowledgement = false
  private var uncommittedBytes = 0
  private var uncommitted: [(lastSeq: Int64, bytes: Int)] = []
  private var highestControl: Int64 = 0

  /// The upgrade was accepted; the session token lives `tokenLife` milliseconds from now.
  package init(configuration: Configuration, clientId: String, tokenLife: Milliseconds, now: Milliseconds) {
    self.configuration = configuration
    self.clientId = clientId
    phase = .greeting(since: now)
    tokenExpiry = now + tokenLife
    heartbeat = Heartbeat(
      interval: configuration.heartbeatInterval, timeout: configuration.heartbeatTimeout, now: now)
  }
}

// MARK: - What the driver does

extension HubSession {
  package enum Effect: Sendable, Equatable {
    /// Open the session in the store; answered by `opened` or `openRefused`.
    case open(SessionDescription, deviceControlCursor: Int64, tool: String)
    /// Store it; answered by `committed` or `storeFailed`, in the order of the batches.
    case store(HubBatch)
    /// Check the new token and its proof; answered by `authenticated`, `proofNonceStale` or `authenticationFailed`.
    case authenticate(token: String, proof: String)
    /// The device has written all controls up to it.
    case controlsAcknowledged(through: Int64)
    /// Send one text message.
    case send([UInt8])
    /// Send a close frame, half-close, discard input until its end or 2 s.
    case close(code: UInt16, reason: String)
  }

  package mutating func nextEffect() -> Effect? {
    effects.isEmpty ? nil : effects.removeFirst()
  }

  /// Whether more may be read: less than the window (and one message) is uncommitted, and the session is known.
  package var wantsInput: Bool {
    uncommittedBytes <= configuration.window
  }

  /// Whether the close was given out: nothing more will come.
  package var isClosed: Bool {
    if case .closed = phase { true } else { false }
  }

  /// Batches given out and not yet answered.
  package var uncommittedCount: Int { uncommitted.count }

  package var deadline: Milliseconds? {
    switch phase {
    case .greeting(let since): since + HubSession.helloTimeout
    case .opening, .streaming: min(heartbeat.deadline, tokenExpiry)
    case .closing, .closed: nil
    }
  }

  /// Time has passed.
  package mutating func tick(now: Milliseconds) {
    switch phase {
    case .greeting(let since):
      if now - since >= HubSession.helloTimeout { fail(CloseCode.heartbeat, "no hello") }
    case .opening, .streaming:
      if now >= tokenExpiry {
        fail(CloseCode.unauthorized, "the session token has expired")
      } else if heartbeat.isDead(now: now) {
        fail(CloseCode.heartbeat, "nothing came for \(heartbeat.timeout / 1000) s")
      } else if heartbeat.isPingDue(now: now) {
        send(.ping, ["t": .integer(now)], now: now)
      }
    case .closing, .closed: break
    }
  }

  private mutating func send(_ type: EnvelopeType, _ payload: JSON, seq: Int64? = nil, now: Milliseconds) {
    var bytes: [UInt8] = []
    EnvelopeWriter.append(type, seq: seq, payload: payload, to: &bytes)
    heartbeat.sent(now: now)
    effects.append(.send(bytes))
  }

  private mutating func fail(_ code: UInt16, _ message: String, members: [JSON.Member] = []) {
    let word = CloseCode.word(for: code).map { JSON.string($0) }
    close(
      code, error: word.map { .object([.init("code", $0), .init("message", .string(message))] + members) })
  }

  private mutating func close(_ code: UInt16, error: JSON?) {
    switch phase {
    case .closing, .closed: return
    case .greeting, .opening, .streaming: phase = .closing(code: code, error: error)
    }
    closeIfCommitted()
  }

  private mutating func closeIfCommitted() {
    guard case .closing(let code, let error) = phase, uncommitted.isEmpty else { return }
    phase = .closed
    if owesAcknowledgement { acknowledge() }
    if let error {
      var bytes: [UInt8] = []
      EnvelopeWriter.append(.error, payload: error, to: &bytes)
      effects.append(.send(bytes))
    }
    effects.append(.close(code: code, reason: CloseCode.word(for: code) ?? ""))
  }

  private mutating func acknowledge() {
    owesAcknowledgement = false
    var bytes: [UInt8] = []
    EnvelopeWriter.append(.ack, payload: ["cursor": .integer(durable)], to: &bytes)
    effects.append(.send(bytes))
  }
}

// MARK: - The hub's own events

extension HubSession {
  /// The session is open for this writer; from here its envelopes are taken.
  ///
  /// - Parameters:
  ///   - id: the hub's own id of the session, and `url` its page.
  ///   - controlCursor: the larger of the hub's and the device's.
  ///   - isEnded: it had ended: duplicates are acknowledged, more is refused.
  package mutating func opened(
    id: String, url: String?, cursor: Int64, controlCursor: Int64, isEnded: Bool, now: Milliseconds
  ) {
    guard case .opening = phase else { return }
    phase = .streaming
    taken = cursor
    durable = cursor
    highestControl = controlCursor
    self.isEnded = isEnded
    var session: [JSON.Member] = [.init("id", .string(id))]
    if let url { session.append(.init("url", .string(url))) }
    send(
      .hello,
      [
        "protocol": 1, "server": .string(configuration.server), "session": .object(session),
        "cursor": .integer(cursor), "controlCursor": .integer(controlCursor),
        "heartbeat": [
          "interval": .integer(configuration.heartbeatInterval), "timeout": .integer(configuration.heartbeatTimeout),
        ],
        "limits": [
          "message": .integer(Int64(configuration.messageLimit)), "window": .integer(Int64(configuration.window)),
        ],
      ], now: now)
  }

  /// Another writer has the session.
  package mutating func openRefused() { fail(CloseCode.superseded, "another writer has this session") }

  /// The oldest outstanding batch is durable; `cursor` is the session's.
  package mutating func committed(cursor: Int64, now: Milliseconds) {
    guard !uncommitted.isEmpty else { return }
    let batch = uncommitted.removeFirst()
    uncommittedBytes -= batch.bytes
    durable = max(durable, cursor)
    if isClosed { return }
    owesAcknowledgement = true
    // One acknowledgement for a run of commits would do, but each tells the device soonest; they are small.
    acknowledge()
    heartbeat.sent(now: now)
    closeIfCommitted()
  }

  /// Nothing can be stored now: what is outstanding is dropped, and the device is told to come later.
  package mutating func storeFailed(_ message: String) {
    uncommitted.removeAll()
    uncommittedBytes = 0
    owesAcknowledgement = false
    fail(CloseCode.tryAgainLater, message)
    closeIfCommitted()
  }

  /// The new token and its proof are good.
  package mutating func authenticated(tokenLife: Milliseconds, expiresAt: Int64, now: Milliseconds) {
    tokenExpiry = now + tokenLife
    send(.auth, ["expiresAt": .integer(expiresAt), "expiresIn": .integer(tokenLife / 1000)], now: now)
  }

  /// The proof's nonce is stale: the device may try once more with this one.
  package mutating func proofNonceStale(nonce: String, now: Milliseconds) {
    send(
      .error, ["code": "use_dpop_nonce", "message": "the nonce is stale", "nonce": .string(nonce)], now: now)
  }

  package mutating func authenticationFailed() {
    fail(CloseCode.unauthorized, "the new token or its proof is not good")
  }

  /// A control is to be sent: numbers ascend.
  package mutating func control(
    seq: Int64, payload: UnsafeRawBufferPointer, ttlMs: Milliseconds, ts: Int64, now: Milliseconds
  ) {
    guard case .streaming = phase, seq > highestControl else { return }
    highestControl = seq
    var bytes = Array("{\"type\":\"control\",\"seq\":".utf8)
    EnvelopeWriter.appendDecimal(seq, to: &bytes)
    bytes.append(contentsOf: ",\"ts\":".utf8)
    EnvelopeWriter.appendDecimal(ts, to: &bytes)
    bytes.append(contentsOf: ",\"payload\":{\"ttlMs\":".utf8)
    EnvelopeWriter.appendDecimal(max(ttlMs, 1), to: &bytes)
    let extent = JSONGrammar.skipWhiteSpace(in: payload, from: 1)
    if extent < payload.count, payload[extent] != UInt8(ascii: "}") { bytes.append(UInt8(ascii: ",")) }
    bytes.append(contentsOf: payload[extent...])
    bytes.append(UInt8(ascii: "}"))
    heartbeat.sent(now: now)
    effects.append(.send(bytes))
  }

  /// The device was revoked.
  package mutating func revoked() { fail(CloseCode.revoked, "this device was revoked") }

  /// A newer connection of the same writer has come.
  package mutating func superseded() { fail(CloseCode.superseded, "a newer connection took over") }

  /// The hub is stopping.
  package mutating func goingAway() { close(CloseCode.goingAway, error: nil) }

  /// The WebSocket engine refused what came: a message over the limit (1009), say. It has sent its own close.
  package mutating func failed() { phase = .closed }
}

// MARK: - What the device sends

extension HubSession {
  /// A byte came from the device.
  package mutating func receivedBytes(now: Milliseconds) { heartbeat.received(now: now) }

  /// A text message came from the device: valid UTF-8, at most `messageLimit` bytes.
  package mutating func received(_ message: [UInt8], now: Milliseconds) {
    var batch = BatchBuilder(after: taken)
    message.withUnsafeBytes { bytes in
      var start = 0
      while start < bytes.count, isTaking {
        let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        let line = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        start = end + 1
        if line.first != UInt8(ascii: "{"), line.allSatisfy(JSONGrammar.isWhiteSpace) { continue }
        do throws(EnvelopeError) {
          try take(Envelope(scanning: line), in: line, batch: &batch, now: now)
        } catch {
          fail(CloseCode.badMessage, "\(error)", after: &batch)
        }
      }
    }
    flush(&batch)
    if owesAcknowledgement, uncommitted.isEmpty { acknowledge() }
  }

  private var isTaking: Bool {
    switch phase {
    case .greeting, .opening, .streaming: true
    case .closing, .closed: false
    }
  }

  private mutating func flush(_ batch: inout BatchBuilder) {
    guard let finished = batch.finish() else { return }
    taken = finished.lastSeq
    uncommitted.append((finished.lastSeq, finished.bytes.count))
    uncommittedBytes += finished.bytes.count
    effects.append(.store(finished))
  }

  /// What came before the error is stored and acknowledged before the close.
  private mutating func fail(
    _ code: UInt16, _ message: String, after batch: inout BatchBuilder, members: [JSON.Member] = []
  ) {
    flush(&batch)
    fail(code, message, members: members)
  }

  private mutating func take(
    _ envelope: Envelope, in line: UnsafeRawBufferPointer, batch: inout BatchBuilder, now: Milliseconds
  ) throws(EnvelopeError) {
    guard let type = envelope.type else {
      if envelope.seq != .absent { fail(CloseCode.badMessage, "an unknown type with a number", after: &batch) }
      return
    }
    if let id = envelope.clientId, id != clientId {
      return fail(CloseCode.badMessage, "clientId is another device's", after: &batch)
    }
    if type != .hello, let id = envelope.sessionId, id != sessionId {
      return fail(CloseCode.badMessage, "sessionId is another session's", after: &batch)
    }
    let payload = UnsafeRawBufferPointer(rebasing: line[envelope.payload])
    switch type {
    case .log, .status: return sequenced(envelope, type: type, in: line, payload: payload, batch: &batch)
    case .pong, .error: return
    case .control: return fail(CloseCode.badMessage, "a control from a device", after: &batch)
    case .hello, .ack, .auth, .ping: break
    }
    guard let json = try? JSON(parsing: payload) else { throw .badMember("payload") }
    switch type {
    case .hello: hello(json, sessionId: envelope.sessionId, batch: &batch)
    case .ack: acknowledged(json, batch: &batch)
    case .auth:
      guard let token = json["token"]?.string, let proof = json["proof"]?.string else {
        return fail(CloseCode.badMessage, "auth without token or proof", after: &batch)
      }
      effects.append(.authenticate(token: token, proof: proof))
    case .ping: send(.pong, json["t"].map { ["t": $0] } ?? [:], now: now)
    case .log, .status, .control, .error, .pong: break
    }
  }

  private mutating func sequenced(
    _ envelope: Envelope, type: EnvelopeType, in line: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer,
    batch: inout BatchBuilder
  ) {
    guard case .streaming = phase else {
      return fail(CloseCode.badMessage, "a numbered envelope before the hub's hello", after: &batch)
    }
    guard case .number(let seq) = envelope.seq else {
      return fail(CloseCode.badMessage, "\(type.rawValue) needs a number from 1 to 2^53-1", after: &batch)
    }
    guard seq > batch.last else {
      owesAcknowledgement = true
      return
    }
    if isEnded { return fail(CloseCode.sessionEnded, "the session has ended at \(batch.last)", after: &batch) }
    let status = type == .status ? Status(payload: payload) : nil
    if case .gap(let from, let to)? = status {
      guard to == seq, from >= 1, from <= batch.last + 1 else {
        return fail(CloseCode.badMessage, "a gap that does not begin at \(batch.last + 1)", after: &batch)
      }
    } else if seq != batch.last + 1 {
      return fail(CloseCode.badMessage, "number \(seq) where \(batch.last + 1) is next", after: &batch)
    }
    batch.append(line[envelope.extent], seq: seq, status: status, logBytes: type == .log ? payload.count : nil)
    if case .end? = status { isEnded = true }
  }

  private mutating func hello(_ hello: JSON, sessionId: String?, batch: inout BatchBuilder) {
    guard case .greeting = phase else { return fail(CloseCode.badMessage, "a second hello", after: &batch) }
    guard let version = hello["protocol"]?.integer else {
      return fail(CloseCode.badMessage, "hello without protocol", after: &batch)
    }
    guard version == 1 else {
      return fail(
        CloseCode.protocolVersion, "protocol \(version) is not spoken here", after: &batch,
        members: [.init("supported", [1])])
    }
    guard let session = hello["session"] else {
      let reason = hello["replay"] == nil ? "the device channel is not offered" : "replay without session"
      return fail(CloseCode.badMessage, reason, after: &batch)
    }
    guard session.serialized().count <= SessionDescription.maximumSize else {
      return fail(CloseCode.badMessage, "session is over \(SessionDescription.maximumSize) bytes", after: &batch)
    }
    guard let sessionId, SessionDescription.isValidId(sessionId) else {
      return fail(CloseCode.badMessage, "hello needs a sessionId", after: &batch)
    }
    guard let description = SessionDescription(sessionId: sessionId, json: session) else {
      return fail(CloseCode.badMessage, "session.writer must be 32 hex digits", after: &batch)
    }
    if let replay = hello["replay"] {
      guard let first = replay["first"]?.integer, let next = replay["next"]?.integer, first >= 1, first <= next,
        next <= 1 << 53
      else { return fail(CloseCode.badMessage, "replay.first is beyond replay.next", after: &batch) }
    }
    self.sessionId = sessionId
    phase = .opening
    effects.append(
      .open(
        description, deviceControlCursor: max(0, hello["controlCursor"]?.integer ?? 0),
        tool: hello["tool"]?.string ?? ""))
  }

  private mutating func acknowledged(_ ack: JSON, batch: inout BatchBuilder) {
    guard let cursor = ack["cursor"]?.integer, cursor >= 0 else {
      return fail(CloseCode.badMessage, "ack without cursor", after: &batch)
    }
    guard cursor <= highestControl else {
      return fail(CloseCode.badMessage, "an acknowledgement beyond what was sent", after: &batch)
    }
    effects.append(.controlsAcknowledged(through: cursor))
  }
}

/// Gathers the new envelopes of one message.
private struct BatchBuilder {
  private let after: Int64
  private(set) var last: Int64
  private var bytes: [UInt8] = []
  private var logLines = 0
  private var logBytes = 0
  private var facts: [HubBatch.Fact] = []

  init(after: Int64) {
    self.after = after
    last = after
  }

  mutating func append(_ envelope: Slice<UnsafeRawBufferPointer>, seq: Int64, status: Status?, logBytes: Int?) {
    bytes.append(contentsOf: envelope)
    bytes.append(UInt8(ascii: "\n"))
    last = seq
    if let status { facts.append(HubBatch.Fact(seq: seq, status: status)) }
    if let logBytes {
      logLines += 1
      self.logBytes += logBytes
    }
  }

  mutating func finish() -> HubBatch? {
    guard last > after, !bytes.isEmpty else { return nil }
    defer {
      bytes = []
      facts = []
      logLines = 0
      logBytes = 0
    }
    return HubBatch(
      firstSeq: after + 1, lastSeq: last, bytes: bytes, logLines: logLines, logBytes: logBytes, facts: facts)
  }
}
