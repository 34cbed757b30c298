extension DeviceConnection {
  package enum Action: Sendable, Equatable {
    /// Begin an attempt: fetch a session token, upgrade; answered by `connected` or `connectFailed`.
    case connect
    /// Send one text message.
    case send([UInt8])
    /// Fetch another session token beside the open connection; answered by `renewed` or `renewalFailed`.
    case renewToken
    /// The hub wants the proof of the new token with this nonce; answered by `renewed`.
    case prove(nonce: String)
    /// Send a close frame and wait for the other's.
    case close(code: UInt16, reason: String)
    /// Give the connection up without ceremony.
    case abandon
    /// The connection is lost or refused; another attempt follows after `retryIn` milliseconds.
    case disconnected(reason: String, retryIn: Milliseconds)
    /// It is over.
    case finished(Outcome)
  }

  package enum Outcome: Sendable, Equatable {
    /// All was done.
    case done
    case gaveUp(Refusal)
  }

  /// A refusal that trying again won't change.
  package struct Refusal: Error, Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
      /// Not paired, revoked, or the token refused.
      case notPaired
      /// The protocol or TLS.
      case protocolRefused
    }

    package let kind: Kind
    package let message: String

    package init(_ kind: Kind, _ message: String) {
      self.kind = kind
      self.message = message
    }
  }

  /// What comes before all that its owner has to say; nil if there is nothing now.
  mutating func nextAction(now: Milliseconds) -> Action? {
    if !actions.isEmpty { return actions.removeFirst() }
    if !outbox.isEmpty { return send(outbox.removeFirst(), now: now) }
    guard isStreaming, renewal.isDue(now: now) else { return nil }
    renewal.started()
    return .renewToken
  }

  /// What its heartbeat has to say, where the connection takes another message.
  mutating func nextHeartbeat(now: Milliseconds) -> [UInt8]? {
    if let pong = owedPong {
      owedPong = nil
      return message(.pong, pong)
    }
    guard owesPing else { return nil }
    owesPing = false
    return message(.ping, ["t": .integer(now)])
  }

  /// When something is due if nothing else happens.
  var deadline: Milliseconds? {
    if !actions.isEmpty { return 0 }
    switch phase {
    case .idle, .connecting, .finished: return nil
    case .waiting(let until): return until
    case .greeting(let since): return since + DeviceConnection.helloTimeout
    case .streaming: return min(heartbeat.deadline, renewal.deadline ?? .max, probeUntil ?? .max)
    case .closing(let since): return since + DeviceConnection.closeTimeout
    }
  }

  mutating func send(_ message: [UInt8], now: Milliseconds) -> Action {
    heartbeat.sent(now: now)
    return .send(message)
  }

  func message(_ type: EnvelopeType, _ payload: JSON) -> [UInt8] {
    var bytes: [UInt8] = []
    EnvelopeWriter.append(type, payload: payload, to: &bytes)
    return bytes
  }

  /// What a hub says, fit for a terminal's line: no control characters, at most 512 bytes.
  func printable(_ text: String) -> String {
    var line = ""
    for scalar in text.unicodeScalars where scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value) {
      if line.utf8.count + UTF8.width(scalar) > 512 { break }
      line.unicodeScalars.append(scalar)
    }
    return line
  }
}
