import Foundation
import GRDB
package import RemoteAgentCore

extension HubStore {
  /// Stores a batch; returns when it is durable, with the cursor of its session then.
  ///
  /// A batch that doesn't begin at the cursor + 1 is not stored: the cursor returned is then short of its end.
  ///
  /// - Parameter now: Unix milliseconds.
  package func commit(_ batch: HubBatch, row: Int64, now: Int64) async throws(StoreError) -> Int64 {
    try await batches.commit(batch, lastLine: LastLine.of(batch.bytes), row: row, now: now)
  }

  /// The rows of a session's log that reach beyond `seq`, in order: as many as `maximumBytes` allow, but one at least.
  ///
  /// The first may begin at or before `seq`: the caller cuts at envelopes.
  package func batches(row: Int64, after seq: Int64, maximumBytes: Int) async throws(StoreError) -> [StoredBatch] {
    try await read { database in
      let statement = try database.cachedStatement(
        sql: "SELECT firstSeq, lastSeq, bytes FROM batches WHERE session = ? AND lastSeq > ? ORDER BY lastSeq")
      let rows = try Row.fetchCursor(statement, arguments: [row, seq])
      var batches: [StoredBatch] = []
      var size = 0
      while size < maximumBytes, let row = try rows.next() {
        let batch = try StoredBatch(row: row)
        guard batches.isEmpty || size + batch.bytes.count <= maximumBytes else { break }
        size += batch.bytes.count
        batches.append(batch)
      }
      return batches
    }
  }

  /// The row of a session's log with the last numbers below `seq`; nil if there is none. It may reach beyond `seq`: the
  /// caller cuts at envelopes.
  package func batch(row: Int64, before seq: Int64) async throws(StoreError) -> StoredBatch? {
    try await read { database in
      // Rows don't overlap: one at most reaches over `seq`, and it is the first that ends at or beyond it.
      let over = try database.row(
        "SELECT firstSeq, lastSeq, bytes FROM batches WHERE session = ? AND lastSeq >= ? ORDER BY lastSeq LIMIT 1",
        [row, seq])
      if let over, (over[0] as Int64) < seq { return try StoredBatch(row: over) }
      return try database.row(
        "SELECT firstSeq, lastSeq, bytes FROM batches WHERE session = ? AND lastSeq < ? ORDER BY lastSeq DESC LIMIT 1",
        [row, seq]
      ).map(StoredBatch.init(row:))
    }
  }
}

extension StoredBatch {
  /// A row of `firstSeq, lastSeq, bytes`.
  fileprivate init(row: Row) throws {
    let bytes = try row.withUnsafeData(atIndex: 2) { $0.map { Array($0) } ?? [] }
    self.init(firstSeq: row[0], lastSeq: row[1], bytes: bytes)
  }
}
