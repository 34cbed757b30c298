package import RemoteAgentCore

/// A pairing code's terms as people and scripts send them (docs/http-api.md, calls).
extension PairingTerms {
  /// Reads `{"label"?,"ephemeral"?,"ttl"?,"sessions"?}`; `ttl` is in seconds.
  package init(_ json: JSON) throws(Problem) {
    if let label = json["label"] {
      guard let label = label.string, Self.isLabel(label) else {
        throw .badRequest("label has 1 to 256 bytes, and no control characters")
      }
      self.label = label
    }
    if let flag = json["ephemeral"] {
      guard let flag = flag.bool else { throw .badRequest("ephemeral must be true or false") }
      if flag { ephemeral = Ephemeral() }
    }
    let lives = (Ephemeral.lives.lowerBound / 1_000)...(Ephemeral.lives.upperBound / 1_000)
    if let ttl = try Self.number("ttl", of: json, in: lives) { ephemeral?.life = ttl * 1_000 }
    if let sessions = try Self.number("sessions", of: json, in: Ephemeral.counts) { ephemeral?.sessions = sessions }
  }

  private static func number(
    _ name: String, of json: JSON, in range: ClosedRange<Int64>
  ) throws(Problem) -> Int64? {
    guard let value = json[name] else { return nil }
    guard json["ephemeral"]?.bool == true else { throw .badRequest("\(name) is for an ephemeral device only") }
    guard let number = value.integer, range.contains(number) else {
      throw .badRequest("\(name) must be from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// What ``init(_:)`` reads.
  package var json: JSON {
    var members: [JSON.Member] = []
    if let label { members.append(.init("label", .string(label))) }
    if let ephemeral {
      members += [
        .init("ephemeral", true), .init("ttl", .integer(ephemeral.life / 1_000)),
        .init("sessions", .integer(ephemeral.sessions)),
      ]
    }
    return .object(members)
  }
}
