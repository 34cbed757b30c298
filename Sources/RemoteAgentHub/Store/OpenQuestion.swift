import GRDB
package import RemoteAgentCore

/// A question of a session's agent that nobody has decided.
package struct OpenQuestion: Sendable, Equatable {
  /// The number of the envelope that asked it.
  let seq: Int64
  /// The agent's own name of it.
  package let requestId: String
  package let tool: String

  /// What it is about is not in it (``HubStore/whole(_:row:)``).
  package var json: JSON { ["requestId": .string(requestId), "tool": .string(tool)] }
}

extension HubStore {
  /// What a session's agent asks and nobody has decided, the oldest first; at most ``QuestionTable/maximumCount``.
  func questions(row: Int64) async throws(StoreError) -> [OpenQuestion] {
    try await read { database in
      try database.rows("SELECT seq, requestId, tool FROM questions WHERE session = ? ORDER BY seq", [row]).map {
        OpenQuestion(seq: $0["seq"], requestId: $0["requestId"], tool: $0["tool"])
      }
    }
  }

  /// A question with what it is about, as the session's log has it: `{"requestId","tool","input"?,"inputBytes"?}`.
  func whole(_ question: OpenQuestion, row: Int64) async throws(StoreError) -> JSON {
    var members = question.json.members ?? []
    var cursor = LogCursor(store: self, row: row, after: question.seq - 1)
    var lines = StoredLines(try await cursor.next().first ?? [])
    if let line = lines.next(), line.seq == question.seq,
      let status = try? JSON(parsing: Array(lines.bytes[line.payload]), maximumDepth: 256)
    {
      for name in ["input", "inputBytes"] { if let value = status[name] { members.append(.init(name, value)) } }
    }
    return .object(members)
  }
}
