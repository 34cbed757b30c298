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

    init(_ action: DeviceConnection.Action) {
      self =
        switch action {
        case .connect: .connect
        case .send(let message): .send(message)
        case .renewToken: .renewToken
        case .prove(let nonce): .prove(nonce: nonce)
        case .close(let code, let reason): .close(code: code, reason: reason)
        case .abandon: .abandon
        case .disconnected(let reason, let delay): .disconnected(reason: reason, retryIn: delay)
        case .finished(.done): .finished(.delivered)
        case .finished(.gaveUp(let refusal)): .finished(.gaveUp(refusal))
        }
    }
  }

  package enum Outcome: Sendable, Equatable {
    /// The hub has acknowledged everything.
    case delivered
    case gaveUp(Refusal)
  }

  package typealias Refusal = DeviceConnection.Refusal

  /// The next thing to do, nil if there is nothing now.
  ///
  /// - Parameter canSend: whether the connection takes another message now; when not, all but the few of the handshake
  ///   and of a token's renewal waits here, where it is bounded.
  package mutating func nextAction(now: Milliseconds, canSend: Bool) -> Action? {
    connection.tick(isDone: isDone, now: now)
    if connection.isFinished { actions = [] }
    if !actions.isEmpty { return actions.removeFirst() }
    if let action = connection.nextAction(now: now) { return Action(action) }
    guard canSend, connection.isStreaming else { return nil }
    if let message = connection.nextHeartbeat(now: now) ?? nextMessage() {
      return Action(connection.send(message, now: now))
    }
    return isDone ? Action(connection.close(now: now)) : nil
  }

  /// What is to be said soonest first; lines last.
  private mutating func nextMessage() -> [UInt8]? {
    if min(controls.cursor, namedControl) > acknowledgedControl {
      acknowledgedControl = min(controls.cursor, namedControl)
      return connection.message(.ack, ["cursor": .integer(acknowledgedControl)])
    }
    return replay.nextMessage(
      maximum: min(configuration.messageSize, messageLimit), window: window, gapTs: newestTs)
  }

  /// When to call `nextAction` again if nothing else happens.
  package var deadline: Milliseconds? { actions.isEmpty ? connection.deadline : 0 }

  /// Whether the hub has acknowledged everything, the end too: then no loss or refusal matters any more.
  package var isDone: Bool { isInputEnded && replay.isSettled }
}
