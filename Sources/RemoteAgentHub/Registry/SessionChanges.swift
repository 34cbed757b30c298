import Synchronization

/// Wakes those who wait for news of a session: a cursor that moved, a state, a control.
///
/// It says only that there is news: whoever is woken asks the store. News that come while nobody looks become one.
package final class SessionChanges: Sendable {
  private struct State {
    var lastKey = 0
    /// By session.
    var listeners: [Int64: [Int: AsyncStream<Void>.Continuation]] = [:]
  }

  private let state = Mutex(State())

  init() {}

  /// News of a session from here on; at most one is kept for a reader that is slow. Ends with its reader.
  package func of(row: Int64) -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let key = state.withLock { state in
      state.lastKey += 1
      state.listeners[row, default: [:]][state.lastKey] = continuation
      return state.lastKey
    }
    continuation.onTermination = { [weak self] _ in self?.remove(key, row: row) }
    return stream
  }

  /// How many wait for news of a session.
  package func count(row: Int64) -> Int { state.withLock { $0.listeners[row]?.count ?? 0 } }

  func changed(row: Int64) {
    let listeners = state.withLock { $0.listeners[row].map { Array($0.values) } ?? [] }
    for listener in listeners { listener.yield() }
  }

  private func remove(_ key: Int, row: Int64) {
    state.withLock { state in
      state.listeners[row]?[key] = nil
      if state.listeners[row]?.isEmpty == true { state.listeners[row] = nil }
    }
  }
}
