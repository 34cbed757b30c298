extension DeviceSession {
  /// A text message came from the hub.
  package mutating func received(_ message: [UInt8], now: Milliseconds) {
    switch phase {
    case .greeting, .streaming: break
    // What comes after our close is of no more interest.
    case .idle, .waiting, .connecting, .closing, .finished: return
    }
    message.withUnsafeBytes { bytes in
      for part in bytes.split(separator: UInt8(ascii: "\n")) {
        let line = UnsafeRawBufferPointer(rebasing: part)
        if line.allSatisfy(JSONGrammar.isWhiteSpace) { continue }
        do throws(EnvelopeError) {
          try received(Envelope(scanning: line), in: line, now: now)
        } catch {
          violation("the hub sent a bad envelope: \(error)")
        }
        if case .finished = phase { return }
      }
    }
  }

  private mutating func received(
    _ envelope: Envelope, in line: UnsafeRawBufferPointer, now: Milliseconds
  ) throws(EnvelopeError) {
    guard let type = envelope.type else {
      if envelope.seq != .absent { violation("the hub sent a numbered envelope of an unknown type") }
      return
    }
    if let id = envelope.sessionId, id != configuration.session.sessionId {
      return violation("the hub sent an envelope of another session")
    }
    if let id = envelope.clientId, let own = configuration.clientId, id != own {
      return violation("the hub sent an envelope of another device")
    }
    let payload = UnsafeRawBufferPointer(rebasing: line[envelope.payload])
    if type == .control { return control(envelope, payload: payload) }
    guard let json = try? JSON(parsing: payload) else { throw .badMember("payload") }
    switch type {
    case .hello: greeted(json, now: now)
    case .ack:
      guard case .streaming = phase else { return violation("the hub sent an acknowledgement before its hello") }
      guard let cursor = json["cursor"]?.integer, cursor >= 0, replay.acknowledged(cursor: cursor) else {
        return violation("the hub acknowledged what was not sent")
      }
      progressed(to: cursor)
    case .ping: owedPong = json["t"].map { ["t": $0] } ?? [:]
    case .pong: break
    case .auth:
      if let seconds = json["expiresIn"]?.integer, seconds > 0 { renewal.accepted(seconds: seconds, now: now) }
    case .error: noted(json, now: now)
    case .log, .status: violation("the hub sent a \(type.rawValue) envelope")
    case .control: break
    }
  }

  private mutating func greeted(_ hello: JSON, now: Milliseconds) {
    guard case .greeting = phase else { return violation("the hub greeted twice") }
    guard hello["protocol"]?.integer == 1 else { return violation("the hub speaks another version of the protocol") }
    guard let cursor = hello["cursor"]?.integer, cursor >= 0, cursor < 1 << 53 else {
      return violation("the hub's hello has no cursor")
    }
    let interval = hello["heartbeat"]?["interval"]?.integer ?? Heartbeat.defaultInterval
    let timeout = hello["heartbeat"]?["timeout"]?.integer ?? Heartbeat.defaultTimeout
    guard interval > 0, timeout > 0 else { return violation("the hub's hello has a bad heartbeat") }
    heartbeat = Heartbeat(interval: interval, timeout: timeout, now: now)
    window = Int(clamping: hello["limits"]?["window"]?.integer ?? 8 << 20)
    messageLimit = max(DeviceSession.messageLimit, Int(clamping: hello["limits"]?["message"]?.integer ?? 0))
    namedControl = hello["controlCursor"]?.integer ?? 0
    phase = .streaming(since: now)
    progressed(to: cursor)
    if replay.resume(cursor: cursor), let number = replay.firstNumber {
      actions.append(.numbered(position: replay.position, number: number))
    }
    let id = hello["session"]?["id"]?.string.map(printable)
    let url = hello["session"]?["url"]?.string.map(printable)
    actions.append(hasGreeted ? .reopened(id: id, url: url) : .opened(id: id, url: url))
    hasGreeted = true
  }

  private mutating func progressed(to cursor: Int64) {
    let previous = self.cursor
    self.cursor = max(cursor, previous ?? 0)
    // The first hello only tells where things stand.
    guard let previous, cursor > previous else { return }
    fruitless = 0
    unauthorized = 0
  }

  private mutating func control(_ envelope: Envelope, payload: UnsafeRawBufferPointer) {
    guard case .streaming = phase else { return violation("the hub sent a control before its hello") }
    guard case .number(let seq) = envelope.seq else { return violation("the hub sent a control without a number") }
    var line = Array("{\"type\":\"control\",\"sessionId\":".utf8)
    JSONString.appendQuoted(configuration.session.sessionId, to: &line)
    line.append(contentsOf: ",\"seq\":".utf8)
    EnvelopeWriter.appendDecimal(seq, to: &line)
    if let ts = envelope.ts {
      line.append(contentsOf: ",\"ts\":".utf8)
      EnvelopeWriter.appendDecimal(ts, to: &line)
    }
    line.append(contentsOf: ",\"payload\":".utf8)
    line.append(contentsOf: payload)
    line.append(contentsOf: "}\n".utf8)
    namedControl = max(namedControl, seq)
    if controls.received(seq: seq, line: line) == .overflow {
      violation("the hub sent more controls than may be unacknowledged")
    }
  }

  private mutating func noted(_ error: JSON, now: Milliseconds) {
    let code = error["code"]?.string ?? "error"
    if code == "use_dpop_nonce", let nonce = error["nonce"]?.string {
      if renewal.mayProveAgain() { actions.append(.prove(nonce: nonce)) } else { renewal.failed(now: now) }
      return
    }
    hubError = (code, error["message"]?.string ?? "", error["retryAfterMs"]?.integer)
  }

  private mutating func violation(_ reason: String) {
    let error = message(.error, ["code": "bad_message", "message": .string(reason)])
    finish(.gaveUp(Refusal(.protocolRefused, reason)))
    actions.insert(contentsOf: [.send(error), .close(code: CloseCode.badMessage, reason: "bad_message")], at: 0)
  }
}

extension DeviceSession {
  /// Another token is there; `proof` is for the upgrade's URL, with the newest nonce.
  package mutating func renewed(token: String, proof: String) {
    guard case .streaming = phase else { return }
    outbox.append(message(.auth, ["token": .string(token), "proof": .string(proof)]))
  }

  /// No token could be had now; another try follows while the present one lives.
  package mutating func renewalFailed(now: Milliseconds) { renewal.failed(now: now) }
}
