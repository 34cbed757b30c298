import Synchronization

/// The answers that people and scripts are still being sent, by the token that they were asked for with: so that none goes on
/// when that is revoked.
package final class PersonStreams: Sendable {
  private struct State {
    var lastKey = 0
    var streams: [String: [Int: @Sendable () -> Void]] = [:]
  }

  private let state = Mutex(State())

  init() {}

  /// An answer begins. Only then its writer looks whether the token is still good: so a revocation that the store does not
  /// know at that look calls `end`.
  ///
  /// - Returns: what ``over(_:token:)`` wants.
  func begin(token id: String, end: @escaping @Sendable () -> Void) -> Int {
    state.withLock { state in
      state.lastKey += 1
      state.streams[id, default: [:]][state.lastKey] = end
      return state.lastKey
    }
  }

  /// The answer is over.
  func over(_ key: Int, token id: String) {
    state.withLock { state in
      state.streams[id]?[key] = nil
      if state.streams[id]?.isEmpty == true { state.streams[id] = nil }
    }
  }

  /// Whether there are any.
  var isBusy: Bool { state.withLock { !$0.streams.isEmpty } }

  /// A token was revoked; the store knows it already.
  func revoked(token id: String) {
    for end in state.withLock({ Array(($0.streams[id] ?? [:]).values) }) { end() }
  }
}
