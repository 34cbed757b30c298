package import RemoteAgentCore

/// A session as people see it (PROTOCOL section 7). Times are Unix milliseconds.
package struct SessionRecord: Sendable, Equatable {
  package enum State: String, Sendable {
    /// Asked for, and not yet connected.
    case starting
    /// Connected.
    case live
    /// Neither connected nor ended.
    case away
    case ended
  }

  package enum End: Sendable, Equatable {
    case code(Int64)
    case signal(String)
  }

  /// The session's key in the store.
  package let row: Int64
  /// The hub's own name of it.
  package let id: String
  /// The device's name of it.
  package let sessionId: String
  package let clientId: String
  /// The device's label.
  package let device: String
  package let agent: String?
  package let title: String?
  package let host: String?
  package let cwd: String?
  package let labels: JSON
  package let state: State
  /// Whether somebody reads the controls.
  package let control: Bool
  package let cursor: Int64
  /// Of the `log` payloads.
  package let bytes: Int64
  /// How many `log` envelopes.
  package let lines: Int64
  /// Bytes of all its envelopes, as they are stored: what its quota counts.
  package let stored: Int64
  /// Whether it was refused what would have gone beyond its quota.
  package let isFull: Bool
  package let firstSeenAt: Int64
  package let lastSeenAt: Int64
  package let disconnectedAt: Int64?
  /// How the agent ended, if it did.
  package let exit: End?
  package let outcome: String?
  /// What the agent's last turn came to: `started`, `ok`, `error`, `incomplete`.
  package let turn: String?
  /// The last question that is open.
  package let question: OpenQuestion?
  /// The beginning of the last thing that it said.
  package let lastLine: String?
  /// The order in which sessions began.
  package let opened: Int64

  /// PROTOCOL section 7's object.
  package var json: JSON {
    [
      "id": .string(id), "sessionId": .string(sessionId), "clientId": .string(clientId), "device": .string(device),
      "agent": text(agent), "title": text(title), "host": text(host), "cwd": text(cwd), "labels": labels,
      "state": .string(state.rawValue), "control": .bool(control), "cursor": .integer(cursor),
      "bytes": .integer(bytes), "lines": .integer(lines), "stored": .integer(stored), "full": .bool(isFull),
      "firstSeenAt": .integer(firstSeenAt), "lastSeenAt": .integer(lastSeenAt),
      "disconnectedAt": disconnectedAt.map(JSON.integer) ?? .null, "exit": exitJSON,
      "turn": text(turn), "approval": question?.json ?? .null, "lastLine": text(lastLine),
    ]
  }

  private var exitJSON: JSON {
    guard exit != nil || outcome != nil else { return .null }
    var members: [JSON.Member] = []
    switch exit {
    case .code(let code): members.append(.init("code", .integer(code)))
    case .signal(let name): members.append(.init("signal", .string(name)))
    // Its agent was never started.
    case nil: break
    }
    if let outcome { members.append(.init("outcome", .string(outcome))) }
    return .object(members)
  }

  private func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
}
