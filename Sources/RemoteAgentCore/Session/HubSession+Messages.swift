extension HubSession {
  /// A byte came from the device.
  package mutating func receivedBytes(now: Milliseconds) { heartbeat.received(now: now) }

  /// A text message came from the device: valid UTF-8, at most `messageLimit` bytes.
  package mutating func received(_ message: [UInt8], now: Milliseconds) {
    var batch = HubBatchBuilder(after: taken)
    message.withUnsafeBytes { bytes in
      var start = 0
      while start < bytes.count, isTaking {
        let end = bytes.firstIndex(of: UInt8(ascii: "\n"), from: start) ?? bytes.count
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
    if owesAcknowledgement, uncommitted.isEmpty, !isClosed {
      acknowledge()
      heartbeat.sent(now: now)
    }
  }

  private var isGreeting: Bool {
    if case .greeting = phase { true } else { false }
  }

  private var isTaking: Bool {
    switch phase {
    case .greeting, .opening, .streaming: true
    case .closing, .closed: false
    }
  }

  private mutating func flush(_ batch: inout HubBatchBuilder) {
    guard let finished = batch.finish() else { return }
    taken = finished.lastSeq
    uncommitted.append(finished.bytes.count)
    uncommittedBytes += finished.bytes.count
    takenBytes += Int64(finished.bytes.count)
    effects.append(.store(finished))
  }

  /// What came before the error is stored and acknowledged before the close.
  private mutating func fail(
    _ code: UInt16, _ message: String, after batch: inout HubBatchBuilder, members: [JSON.Member] = []
  ) {
    flush(&batch)
    fail(code, message, members: members)
  }

  private mutating func take(
    _ envelope: Envelope, in line: UnsafeRawBufferPointer, batch: inout HubBatchBuilder, now: Milliseconds
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
    if isGreeting, type != .hello {
      return fail(CloseCode.badMessage, "\(type.rawValue) before the hello", after: &batch)
    }
    let payload = UnsafeRawBufferPointer(rebasing: line[envelope.payload])
    switch type {
    case .log, .status:
      if isChannel { return channelEnvelope(envelope, type: type, payload: payload) }
      return sequenced(envelope, type: type, in: line, payload: payload, batch: &batch)
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
      guard !isAuthenticating else {
        return fail(CloseCode.rateLimited, "auth before the last one was answered", after: &batch)
      }
      isAuthenticating = true
      effects.append(.authenticate(token: token, proof: proof))
    case .ping: send(.pong, json["t"].map { ["t": $0] } ?? [:], now: now)
    case .log, .status, .control, .error, .pong: break
    }
  }

  private mutating func sequenced(
    _ envelope: Envelope, type: EnvelopeType, in line: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer,
    batch: inout HubBatchBuilder
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
    guard hasRoom(for: envelope.extent.count + 1, beside: batch.size) else {
      flush(&batch)
      // Before the close, after which nothing comes.
      effects.append(.quotaReached)
      return fail(
        CloseCode.tooLarge,
        "the session would go beyond its quota of \(configuration.quota) bytes; the hub stores no more of it")
    }
    batch.append(
      UnsafeRawBufferPointer(rebasing: line[envelope.extent]), seq: seq, status: status,
      logBytes: type == .log ? payload.count : nil)
    if case .end? = status { isEnded = true }
  }

  /// Whether so many bytes more are within the quota, beside those of a batch that is not yet taken in.
  private func hasRoom(for count: Int, beside batch: Int) -> Bool {
    configuration.quota <= 0 || takenBytes + Int64(batch + count) <= configuration.quota
  }

  private mutating func hello(_ hello: JSON, sessionId: String?, batch: inout HubBatchBuilder) {
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
      guard hello["replay"] == nil else { return fail(CloseCode.badMessage, "replay without session", after: &batch) }
      return channelHello(hello, sessionId: sessionId)
    }
    guard SessionDescription.size(of: session) <= SessionDescription.maximumSize else {
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
        description, deviceControlCursor: HubSession.controlCursor(of: hello), tool: HubSession.tool(of: hello)))
  }

  static func controlCursor(of hello: JSON) -> Int64 {
    min(max(0, hello["controlCursor"]?.integer ?? 0), 1 << 53 - 1)
  }

  /// The program's name of itself, cut where it gets long.
  static func tool(of hello: JSON) -> String {
    String((hello["tool"]?.string ?? "").unicodeScalars.prefix(128))
  }

  private mutating func acknowledged(_ ack: JSON, batch: inout HubBatchBuilder) {
    guard let cursor = ack["cursor"]?.integer, (0..<(1 << 53)).contains(cursor) else {
      return fail(CloseCode.badMessage, "ack without cursor", after: &batch)
    }
    if case .opening = phase {
      heldAcknowledgement = max(heldAcknowledgement, cursor)
    } else if cursor > max(highestControl, controlsGiven) {
      fail(CloseCode.badMessage, "an acknowledgement beyond what was sent", after: &batch)
    } else {
      acknowledged(through: cursor)
    }
  }

  mutating func acknowledged(through cursor: Int64) {
    guard cursor > acknowledgedControl else { return }
    acknowledgedControl = cursor
    // What is written already is not sent again.
    highestControl = max(highestControl, cursor)
    effects.append(.controlsAcknowledged(through: cursor))
  }
}
