import Synchronization

/// Wakes those who wait for news: of a session (a cursor that moved, a state, a control), or of all sessions and devices.
///
/// It says only that there is news: whoever is woken asks the store. News that come while nobody looks become one.
package final class SessionChanges: Sendable {
  private struct State {
    var lastKey = 0
    /// By session.
    var listeners: [Int64: [Int: AsyncStream<Void>.Continuation]] = [:]
    var feeds: [Int: ChangeFeed] = [:]
    var isFinished = false

    mutating func nextKey() -> Int {
      lastKey += 1
      return lastKey
    }

    var continuations: [AsyncStream<Void>.Continuation] {
      listeners.values.flatMap(\.values) + feeds.values.map(\.continuation)
    }
  }

  private let state = Mutex(State())

  init() {}

  /// News of a session from here on; at most one is kept for a reader that is slow. Ends with its reader, or with the hub.
  package func of(row: Int64) -> News {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let key = state.withLock { state -> Int? in
      guard !state.isFinished else { return nil }
      let key = state.nextKey()
      state.listeners[row, default: [:]][key] = continuation
      return key
    }
    guard let key else {
      continuation.finish()
      return News(stream: stream, wake: {}, finish: {})
    }
    continuation.onTermination = { [weak self] _ in self?.remove(key, row: row) }
    return News(stream: stream, wake: { continuation.yield() }, finish: { continuation.finish() })
  }

  /// News of all sessions and devices from here on: which ones changed is gathered until it is taken.
  package func all() -> ChangeFeed {
    let feed = ChangeFeed()
    let key = state.withLock { state -> Int? in
      guard !state.isFinished else { return nil }
      let key = state.nextKey()
      state.feeds[key] = feed
      return key
    }
    guard let key else {
      feed.continuation.finish()
      return feed
    }
    feed.continuation.onTermination = { [weak self] _ in
      self?.state.withLock { $0.feeds[key] = nil }
    }
    return feed
  }

  /// How many wait for news of a session.
  package func count(row: Int64) -> Int { state.withLock { $0.listeners[row]?.count ?? 0 } }

  /// How many wait for news of anything.
  package var count: Int { state.withLock { $0.feeds.count + $0.listeners.values.reduce(0) { $0 + $1.count } } }

  func changed(row: Int64) {
    let (listeners, feeds) = state.withLock { state in
      (state.listeners[row].map { Array($0.values) } ?? [], Array(state.feeds.values))
    }
    for listener in listeners { listener.yield() }
    for feed in feeds { feed.note(session: row) }
  }

  func changed(device clientId: String) {
    for feed in state.withLock({ Array($0.feeds.values) }) { feed.note(device: clientId) }
  }

  /// Who asks to be paired is not who it was: whoever waits for news of all looks.
  func changedApprovals() {
    for feed in state.withLock({ Array($0.feeds.values) }) { feed.continuation.yield() }
  }

  /// Wakes all without news: time has passed.
  package func tick() {
    for continuation in state.withLock({ $0.continuations }) { continuation.yield() }
  }

  /// The hub goes: whoever waits is told, and nobody waits from here on.
  func finish() {
    let all = state.withLock { state in
      state.isFinished = true
      return state.continuations
    }
    for continuation in all { continuation.finish() }
  }

  private func remove(_ key: Int, row: Int64) {
    state.withLock { state in
      state.listeners[row]?[key] = nil
      if state.listeners[row]?.isEmpty == true { state.listeners[row] = nil }
    }
  }
}

/// A session's news, for one reader.
package struct News: Sendable {
  /// Ends when the hub goes.
  package let stream: AsyncStream<Void>
  /// Wakes this reader alone.
  package let wake: @Sendable () -> Void
  /// Ends it: the reader is gone.
  package let finish: @Sendable () -> Void
}

/// Which sessions and devices changed since it was looked at last. Bounded by how many there are.
package final class ChangeFeed: Sendable {
  /// Ends when the hub goes.
  package let stream: AsyncStream<Void>
  let continuation: AsyncStream<Void>.Continuation
  private let gathered = Mutex<(sessions: Set<Int64>, devices: Set<String>)>(([], []))

  init() {
    (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
  }

  /// What changed; it is then forgotten.
  package func take() -> (sessions: Set<Int64>, devices: Set<String>) {
    gathered.withLock { gathered in
      defer { gathered = ([], []) }
      return gathered
    }
  }

  /// Ends it: the reader is gone.
  package func finish() { continuation.finish() }

  func note(session row: Int64) {
    gathered.withLock { _ = $0.sessions.insert(row) }
    continuation.yield()
  }

  func note(device clientId: String) {
    gathered.withLock { _ = $0.devices.insert(clientId) }
    continuation.yield()
  }
}
