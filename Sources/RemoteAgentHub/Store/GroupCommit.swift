import GRDB
import RemoteAgentCore
import Synchronization

/// Gathers the batches that all connections bring, and writes what waits in one transaction: one flush for all of them.
///
/// Rules:
/// - While one transaction is flushed the next gathers: nobody waits for company, and a slow disk makes larger groups.
/// - A call returns after its transaction is durable, with the session's cursor then.
/// - What waits is bounded by the callers: one batch a connection, within the session's window.
/// - While the store is failing nothing is tried: all that comes is refused.
/// - A group takes at most `groupSize` bytes beyond its first batch, so that no caller waits for ever.
final class GroupCommit: Sendable {
  private struct Entry {
    let batch: HubBatch
    let lastLine: String?
    let row: Int64
    let now: Int64
    let done: CheckedContinuation<Result<Int64, StoreError>, Never>
  }

  private struct State {
    var waiting: [Entry] = []
    var isScheduled = false
    var groups = 0
  }

  private let pool: DatabasePool
  private let health: StoreHealth
  private let groupSize: Int
  private let committed: @Sendable (_ rows: Set<Int64>) -> Void
  private let state = Mutex(State())

  /// - Parameter committed: called with the sessions of each group that is durable.
  init(
    pool: DatabasePool, health: StoreHealth, groupSize: Int = 16 << 20,
    committed: @escaping @Sendable (_ rows: Set<Int64>) -> Void
  ) {
    self.pool = pool
    self.health = health
    self.groupSize = groupSize
    self.committed = committed
  }

  /// How many transactions there were.
  var groups: Int { state.withLock { $0.groups } }

  /// How many commits wait for the next.
  var waiting: Int { state.withLock { $0.waiting.count } }

  func commit(_ batch: HubBatch, lastLine: String?, row: Int64, now: Int64) async throws(StoreError) -> Int64 {
    let result = await withCheckedContinuation { done in
      let isFirst = state.withLock { state in
        state.waiting.append(Entry(batch: batch, lastLine: lastLine, row: row, now: now, done: done))
        defer { state.isScheduled = true }
        return !state.isScheduled
      }
      if isFirst { schedule() }
    }
    return try result.get()
  }

  private func schedule() {
    pool.asyncWriteWithoutTransaction { [self] in writeGroup($0) }
  }

  private func writeGroup(_ database: Database) {
    let group = takeGroup()
    var results: [Result<Int64, StoreError>] = []
    results.reserveCapacity(group.count)
    do {
      try health.check()
      try database.inTransaction(.immediate) {
        for entry in group {
          let cursor = try BatchInsertion.insert(
            entry.batch, lastLine: entry.lastLine, row: entry.row, now: entry.now, in: database)
          results.append(cursor.map { .success($0) } ?? .failure(.failed("there is no such session")))
        }
        return .commit
      }
      committed(Set(group.map(\.row)))
      for (entry, result) in zip(group, results) { entry.done.resume(returning: result) }
    } catch {
      if let outage = StoreError.outage(error) {
        let size = group.reduce(0) { $0 + $1.batch.bytes.count }
        health.failed(outage, reason: StoreError.reason(error), size: size)
      }
      let error = StoreError(error)
      for entry in group { entry.done.resume(returning: .failure(error)) }
    }
    // Again through the queue, so that other writes have their turn.
    let isDone = state.withLock { state in
      if state.waiting.isEmpty { state.isScheduled = false }
      return state.waiting.isEmpty
    }
    if !isDone { schedule() }
  }

  private func takeGroup() -> [Entry] {
    state.withLock { state in
      state.groups += 1
      var size = 0
      let count = state.waiting.firstIndex { entry in
        defer { size += entry.batch.bytes.count }
        return size > 0 && size + entry.batch.bytes.count > groupSize
      }
      let group = Array(state.waiting[..<(count ?? state.waiting.count)])
      state.waiting.removeFirst(group.count)
      return group
    }
  }
}
