import GRDB

/// Which sessions a list is to have; what is nil lets all through.
package struct SessionFilter: Sendable, Equatable {
  package var state: SessionRecord.State?
  package var clientId: String?
  /// Text that stands somewhere in what is known of the session; ASCII letters without case.
  package var text: String?
  /// Only sessions that began before the one with this ``SessionRecord/opened``.
  package var before: Int64?

  package init() {}

  private static let searched = [
    "title", "agent", "devices.label", "host", "cwd", "sessionId", "sessions.id", "labels", "lastLine",
  ]

  /// The condition and its arguments.
  var sql: (condition: String, arguments: [any DatabaseValueConvertible]) {
    var conditions = ["1"]
    var arguments: [any DatabaseValueConvertible] = []
    switch state {
    case .live: conditions.append("ended = 0 AND connected = 1")
    case .away: conditions.append("ended = 0 AND connected = 0 AND writer <> ''")
    case .starting: conditions.append("ended = 0 AND writer = ''")
    case .ended: conditions.append("ended = 1")
    case nil: break
    }
    if let clientId {
      conditions.append("sessions.clientId = ?")
      arguments.append(clientId)
    }
    if let text, !text.isEmpty {
      // Each needs the pattern: a NULL joined to the others would hide them.
      conditions.append("(" + Self.searched.map { "\($0) LIKE ? ESCAPE '\\'" }.joined(separator: " OR ") + ")")
      arguments += Self.searched.map { _ in Self.pattern(text) }
    }
    if let before {
      conditions.append("opened < ?")
      arguments.append(before)
    }
    return (conditions.joined(separator: " AND "), arguments)
  }

  private static func pattern(_ text: String) -> String {
    var pattern = "%"
    for character in text {
      if "%_\\".contains(character) { pattern.append("\\") }
      pattern.append(character)
    }
    return pattern + "%"
  }
}
