/// Lets one connection at a time open a session, so that a refused writer never displaces an accepted one and the cursor
/// that is answered is the last word of the connection before.
actor SessionGate {
  struct Key: Hashable, Sendable {
    let clientId: String
    let sessionId: String
  }

  private var waiting: [Key: [CheckedContinuation<Void, Never>]] = [:]

  /// Runs `work` when no other work with that key runs, in the order of the calls.
  func withSession<Value: Sendable>(_ key: Key, _ work: @Sendable () async -> Value) async -> Value {
    await enter(key)
    let value = await work()
    leave(key)
    return value
  }

  /// How many wait for work with that key to end; nil if there is none.
  func waitingCount(_ key: Key) -> Int? { waiting[key]?.count }

  private func enter(_ key: Key) async {
    guard waiting[key] != nil else {
      waiting[key] = []
      return
    }
    await withCheckedContinuation { waiting[key, default: []].append($0) }
  }

  private func leave(_ key: Key) {
    guard var queue = waiting[key], !queue.isEmpty else {
      waiting[key] = nil
      return
    }
    let next = queue.removeFirst()
    waiting[key] = queue
    next.resume()
  }
}
