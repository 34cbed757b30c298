extension DeviceChannel {
  package enum Action: Sendable, Equatable {
    /// Of the connection, but for `finished`.
    case connection(DeviceConnection.Action)
    /// Note durably that all up to this number came out; answered by `noteSucceeded` or `noteFailed`.
    case note(Int64)
    /// The hub's hello came; `isFirst` if it never had before.
    case opened(isFirst: Bool)
    /// It is over.
    case finished(DeviceConnection.Outcome)
  }

  /// The next thing to do, nil if there is nothing now.
  ///
  /// - Parameter canSend: whether the connection takes another message now.
  package mutating func nextAction(now: Milliseconds, canSend: Bool) -> Action? {
    connection.tick(isDone: isDone, now: now)
    if let close = endIfStopped(now: now) { return .connection(close) }
    if connection.isFinished { actions = [] }
    if !actions.isEmpty { return actions.removeFirst() }
    switch connection.nextAction(now: now) {
    case .finished(let outcome): return .finished(outcome)
    case let action?: return .connection(action)
    case nil: break
    }
    if let seq = nextNote(now: now) { return .note(seq) }
    guard canSend, connection.isStreaming else { return nil }
    if let message = connection.nextHeartbeat(now: now) ?? nextMessage() {
      return .connection(connection.send(message, now: now))
    }
    return isDone ? .connection(connection.close(now: now)) : nil
  }

  /// After `stop` a connection is of use only while there is a status to send, and time.
  private mutating func endIfStopped(now: Milliseconds) -> DeviceConnection.Action? {
    guard let stoppedAt else { return nil }
    let isLate = now - stoppedAt >= DeviceChannel.stopTimeout
    guard isLate || isDone && !connection.isStreaming else { return nil }
    switch connection.phase {
    case .idle, .waiting, .connecting: connection.finish(.done)
    case .greeting, .streaming: return connection.close(now: now)
    case .closing, .finished: break
    }
    return nil
  }

  /// Whether the next line of the output is a control that is not noted.
  private var mayNote: Bool {
    guard stoppedAt == nil, writing == nil, owedHello == nil, noting == nil else { return false }
    return controls.next.map { $0.seq > noted } ?? false
  }

  private mutating func nextNote(now: Milliseconds) -> Int64? {
    guard mayNote, noteRetryAt.map({ now >= $0 }) ?? true else { return nil }
    noteRetryAt = nil
    noting = controls.next?.seq
    return noting
  }

  private mutating func nextMessage() -> [UInt8]? {
    let written = min(controls.cursor, named)
    if written > acknowledged {
      acknowledged = written
      return connection.message(.ack, ["cursor": .integer(written)])
    }
    guard sentStatuses < statuses.count else { return nil }
    var message: [UInt8] = []
    repeat {
      if !message.isEmpty { message.append(UInt8(ascii: "\n")) }
      message.append(contentsOf: statuses[sentStatuses])
      sentStatuses += 1
    } while sentStatuses < statuses.count
      && message.count + 1 + statuses[sentStatuses].count <= DeviceChannel.messageSize
    freshStatuses = min(freshStatuses, statuses.count - sentStatuses)
    forgetOldStatuses()
    return message
  }

  /// When to call `nextAction` again if nothing else happens.
  package var deadline: Milliseconds? {
    guard actions.isEmpty else { return 0 }
    let stop = isEnding ? nil : stoppedAt.map { $0 + DeviceChannel.stopTimeout }
    return [connection.deadline, stop, mayNote ? noteRetryAt : nil].compactMap { $0 }.min()
  }

  private var isEnding: Bool {
    switch connection.phase {
    case .closing, .finished: true
    case .idle, .waiting, .connecting, .greeting, .streaming: false
    }
  }
}
