extension ConnectedDevice {
  /// A text message came from the hub.
  package mutating func received(_ message: [UInt8], now: Milliseconds) {
    // What comes after our close is of no more interest.
    guard connection.isReading else { return }
    message.withUnsafeBytes { bytes in
      for part in bytes.split(separator: UInt8(ascii: "\n")) {
        let line = UnsafeRawBufferPointer(rebasing: part)
        if line.allSatisfy(JSONGrammar.isWhiteSpace) { continue }
        do throws(EnvelopeError) {
          try received(Envelope(scanning: line), in: line, now: now)
        } catch {
          connection.violation("the hub sent a bad envelope: \(error)")
        }
        if connection.isFinished { return }
      }
    }
  }

  private mutating func received(
    _ envelope: Envelope, in line: UnsafeRawBufferPointer, now: Milliseconds
  ) throws(EnvelopeError) {
    guard let type = envelope.type else {
      if envelope.seq != .absent { connection.violation("the hub sent a numbered envelope of an unknown type") }
      return
    }
    if let id = envelope.sessionId, id != sessionId {
      return connection.violation("the hub sent an envelope of another session")
    }
    if let id = envelope.clientId, let own = connection.clientId, id != own {
      return connection.violation("the hub sent an envelope of another device")
    }
    let payload = UnsafeRawBufferPointer(rebasing: line[envelope.payload])
    if type == .control { return control(envelope, payload: payload) }
    guard let json = try? JSON(parsing: payload) else { throw .badMember("payload") }
    switch type {
    case .hello: greeted(json, now: now)
    case .ack:
      guard connection.isStreaming else {
        return connection.violation("the hub sent an acknowledgement before its hello")
      }
      guard let cursor = json["cursor"]?.integer, cursor >= 0, acknowledged(cursor: cursor) else {
        return connection.violation("the hub acknowledged what was not sent")
      }
    case .ping: connection.owedPong = json["t"].map { ["t": $0] } ?? [:]
    case .pong: break
    case .auth:
      if let seconds = json["expiresIn"]?.integer, seconds > 0 {
        connection.renewal.accepted(seconds: seconds, now: now)
      }
    case .error: connection.noted(json, now: now)
    case .log, .status: connection.violation("the hub sent a \(type.rawValue) envelope")
    case .control: break
    }
  }

  private mutating func greeted(_ hello: JSON, now: Milliseconds) {
    guard case .greeting = connection.phase else { return connection.violation("the hub greeted twice") }
    guard hello["protocol"]?.integer == 1 else {
      return connection.violation("the hub speaks another version of the protocol")
    }
    let interval = hello["heartbeat"]?["interval"]?.integer ?? Heartbeat.defaultInterval
    let timeout = hello["heartbeat"]?["timeout"]?.integer ?? Heartbeat.defaultTimeout
    guard interval > 0, timeout > 0 else { return connection.violation("the hub's hello has a bad heartbeat") }
    if let wrong = greeted(hello) { return connection.violation(wrong) }
    connection.greeted(Heartbeat(interval: interval, timeout: timeout, now: now), now: now)
  }

  private mutating func control(_ envelope: Envelope, payload: UnsafeRawBufferPointer) {
    guard connection.isStreaming else { return connection.violation("the hub sent a control before its hello") }
    guard case .number(let seq) = envelope.seq else {
      return connection.violation("the hub sent a control without a number")
    }
    received(control: seq, ts: envelope.ts, payload: payload)
  }

  /// A control as a line of the machine's output, with its LF.
  func controlLine(_ seq: Int64, ts: Int64?, payload: UnsafeRawBufferPointer) -> [UInt8] {
    var line = Array("{\"type\":\"control\"".utf8)
    if let sessionId {
      line.append(contentsOf: ",\"sessionId\":".utf8)
      JSONString.appendQuoted(sessionId, to: &line)
    }
    line.append(contentsOf: ",\"seq\":".utf8)
    EnvelopeWriter.appendDecimal(seq, to: &line)
    if let ts {
      line.append(contentsOf: ",\"ts\":".utf8)
      EnvelopeWriter.appendDecimal(ts, to: &line)
    }
    line.append(contentsOf: ",\"payload\":".utf8)
    line.append(contentsOf: payload)
    line.append(contentsOf: "}\n".utf8)
    return line
  }
}

extension DeviceConnection {
  /// The hub's error, which a close follows unless it is about a nonce.
  fileprivate mutating func noted(_ error: JSON, now: Milliseconds) {
    let code = error["code"]?.string ?? "error"
    if code == "use_dpop_nonce", let nonce = error["nonce"]?.string {
      if renewal.mayProveAgain() { actions.append(.prove(nonce: nonce)) } else { renewal.failed(now: now) }
      return
    }
    hubError = (code, error["message"]?.string ?? "", error["retryAfterMs"]?.integer)
  }
}
