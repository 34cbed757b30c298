import Foundation
import GRDB
import RemoteAgentCore

/// What one batch does to the tables, inside a group's transaction.
enum BatchInsertion {
  /// Stores a batch that continues its session, and what its status envelopes say; returns the session's cursor then;
  /// nil if there is no such session.
  ///
  /// A batch that doesn't begin at the cursor + 1 changes nothing.
  static func insert(
    _ batch: HubBatch, lastLine: String?, row: Int64, now: Int64, in database: Database
  ) throws -> Int64? {
    let cursor = try database.cachedStatement(sql: "SELECT cursor FROM sessions WHERE row = ?")
    guard let cursor = try Int64.fetchOne(cursor, arguments: [row]) else { return nil }
    guard batch.firstSeq == cursor + 1, batch.lastSeq >= batch.firstSeq else { return cursor }
    try insertBytes(of: batch, row: row, in: database)
    try database.run(
      """
      UPDATE sessions SET cursor = ?, bytes = bytes + ?, lines = lines + ?, stored = stored + ?,
        lastSeenAt = ?,
        lastLine = coalesce(?, lastLine)
      WHERE row = ?
      """, [batch.lastSeq, batch.logBytes, batch.logLines, batch.bytes.count, now, lastLine, row])
    for fact in batch.facts { try note(fact, row: row, now: now, in: database) }
    return batch.lastSeq
  }

  private static func insertBytes(of batch: HubBatch, row: Int64, in database: Database) throws {
    let statement = try database.cachedStatement(
      sql: "INSERT INTO batches (session, firstSeq, lastSeq, bytes) VALUES (?, ?, ?, ?)")
    // GRDB binds the blob where it is. The one copy is into `Data`: borrowing the array's bytes instead would leave their
    // address in the kept statement, and in the error if it fails.
    try statement.execute(arguments: [row, batch.firstSeq, batch.lastSeq, Data(batch.bytes)])
  }

  private static func note(_ fact: HubBatch.Fact, row: Int64, now: Int64, in database: Database) throws {
    let questions = QuestionTable(database: database, row: row)
    switch fact.status {
    case .starting(let agent, let cwd):
      try questions.clear()
      // The tunnel's hello told of the tunnel's folder, or a start of what was asked for: this is where the agent is.
      try database.run(
        "UPDATE sessions SET agent = coalesce(agent, ?), cwd = coalesce(?, cwd) WHERE row = ?", [agent, cwd, row])
    case .exited(let code, let signal, let outcome):
      try questions.clear()
      try database.run(
        "UPDATE sessions SET exitCode = ?, exitSignal = ?, exitOutcome = ? WHERE row = ?", [code, signal, outcome, row])
    case .end:
      try questions.clear()
      try database.run("UPDATE sessions SET ended = 1 WHERE row = ?", [row])
      try DeviceTable(database: database, now: now).sessionEnded(row: row)
    case .control(let seq, let result, let reason):
      guard let result = ControlResult(rawValue: result), result == .applied || result == .refused else { return }
      try database.run(
        """
        UPDATE controls SET result = ?, reason = ?
        WHERE session = ? AND seq = ? AND result IN ('sent', 'written', 'unknown')
        """, [result.rawValue, reason, row, seq])
    case .turn(let outcome):
      try database.run("UPDATE sessions SET turn = ? WHERE row = ?", [outcome, row])
    case .asked(let requestId, let tool): try questions.asked(requestId, tool: tool, seq: fact.seq)
    case .answered(let requestId): try questions.answered(requestId)
    case .running, .error, .gap, .other: break
    }
  }
}
