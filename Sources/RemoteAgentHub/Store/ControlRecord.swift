package import RemoteAgentCore

/// A control and what became of it (PROTOCOL section 7, `event: control`).
package struct ControlRecord: Sendable, Equatable {
  package let seq: Int64
  package let payload: [UInt8]
  /// Who sent it.
  package let by: String
  /// When it was taken in, Unix milliseconds.
  package let at: Int64
  package let result: ControlResult
  package let reason: String?

  package var json: JSON {
    [
      "seq": .integer(seq), "payload": (try? JSON(parsing: payload)) ?? .null, "by": .string(by), "at": .integer(at),
      "result": .string(result.rawValue), "reason": reason.map(JSON.string) ?? .null,
    ]
  }
}
