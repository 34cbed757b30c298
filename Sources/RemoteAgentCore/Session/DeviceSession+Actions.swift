extension DeviceSession {
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
    /// The lines from a position on have numbers from `number` on: note it durably before doing what follows.
    case numbered(position: Int64, number: Int64)
    /// The hub's hello came for the first time.
    case opened(id: String?, url: String?)
    /// It came again, on another connection.
    case reopened(id: String?, url: String?)
    /// The connection is lost or refused; another attempt follows after `retryIn` milliseconds.
    case disconnected(reason: String, retryIn: Milliseconds)
    /// It is over.
    case finished(Outcome)
  }

  package enum Outcome: Sendable, Equatable {
    /// The hub has acknowledged everything.
    case delivered
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

  /// The next thing to do, nil if there is nothing now.
  ///
  /// - Parameter canSend: whether the connection takes another message now; when not, all but the few of the handshake
  ///   and of a token's renewal waits here, where it is bounded.
  package mutating func nextAction(now: Milliseconds, canSend: Bool) -> Action? {
    tick(now: now)
    if !actions.isEmpty { return actions.removeFirst() }
    if !outbox.isEmpty { return send(outbox.removeFirst(), now: now) }
    guard case .streaming = phase else { return nil }
    if renewal.isDue(now: now) {
      renewal.started()
      return .renewToken
    }
    if canSend, let message = nextMessage(now: now) { return send(message, now: now) }
    if isInputEnded, replay.isSettled, canSend {
      phase = .closing(since: now)
      return .close(code: CloseCode.normal, reason: "")
    }
    return nil
  }

  /// What is to be said soonest first; lines last.
  private mutating func nextMessage(now: Milliseconds) -> [UInt8]? {
    if let pong = owedPong {
      owedPong = nil
      return message(.pong, pong)
    }
    if owesPing {
      owesPing = false
      return message(.ping, ["t": .integer(now)])
    }
    if min(controls.cursor, namedControl) > acknowledgedControl {
      acknowledgedControl = min(controls.cursor, namedControl)
      return message(.ack, ["cursor": .integer(acknowledgedControl)])
    }
    return replay.nextMessage(
      maximum: min(configuration.messageSize, messageLimit), window: window, gapTs: newestTs)
  }

  /// When to call `nextAction` again if nothing else happens.
  package var deadline: Milliseconds? {
    if !actions.isEmpty { return 0 }
    switch phase {
    case .idle, .connecting, .finished: return nil
    case .waiting(let until): return until
    case .greeting(let since): return since + DeviceSession.helloTimeout
    case .streaming: return min(heartbeat.deadline, renewal.deadline ?? .max, probeUntil ?? .max)
    case .closing(let since): return since + DeviceSession.closeTimeout
    }
  }

  private mutating func send(_ message: [UInt8], now: Milliseconds) -> Action {
    heartbeat.sent(now: now)
    return .send(message)
  }

  func message(_ type: EnvelopeType, _ payload: JSON) -> [UInt8] {
    var bytes: [UInt8] = []
    EnvelopeWriter.append(type, payload: payload, to: &bytes)
    return bytes
  }
}
