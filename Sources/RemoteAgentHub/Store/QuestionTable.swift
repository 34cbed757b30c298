import GRDB

/// What a session's agent asks and nobody has decided, inside a transaction.
struct QuestionTable {
  /// So many are kept of a session: the last asked.
  static let maximumCount = 64

  let database: Database
  /// The session's key.
  let row: Int64

  /// - Parameter seq: the envelope's number. Asked anew, a question is the last one.
  func asked(_ requestId: String, tool: String, seq: Int64) throws {
    try database.run(
      "INSERT OR REPLACE INTO questions (session, seq, requestId, tool) VALUES (?, ?, ?, ?)",
      [row, seq, requestId, tool])
    try database.run(
      """
      DELETE FROM questions WHERE session = ? AND seq <=
        (SELECT seq FROM questions WHERE session = ? ORDER BY seq DESC LIMIT 1 OFFSET \(Self.maximumCount))
      """, [row, row])
  }

  func answered(_ requestId: String) throws {
    try database.run("DELETE FROM questions WHERE session = ? AND requestId = ?", [row, requestId])
  }

  /// Nobody is there any more who asked.
  func clear() throws {
    try database.run("DELETE FROM questions WHERE session = ?", [row])
  }
}
