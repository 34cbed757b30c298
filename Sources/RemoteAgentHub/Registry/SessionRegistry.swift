/// Which connection each session has: one at most, the newest.
package actor SessionRegistry {
  private struct Live {
    let clientId: String
    let connection: any LiveConnection
  }

  private var live: [Int64: Live] = [:]

  package init() {}

  /// How many sessions are connected.
  package var count: Int { live.count }

  /// Makes a connection the session's; returns when the one before, if any, has committed or dropped all it took.
  ///
  /// The caller opens one session at a time.
  package func register(row: Int64, clientId: String, connection: any LiveConnection) async {
    let old = live.updateValue(Live(clientId: clientId, connection: connection), forKey: row)
    guard let old, old.connection !== connection else { return }
    await old.connection.supersede()
  }

  /// A connection is over; false if the session has a newer one.
  package func unregister(row: Int64, connection: any LiveConnection) -> Bool {
    guard live[row]?.connection === connection else { return false }
    live[row] = nil
    return true
  }

  /// A device was revoked: tells its connections. The store knows it already, so that none comes after.
  package func revoked(_ clientId: String) async {
    for live in live.values where live.clientId == clientId { await live.connection.revoke() }
  }

  /// Controls of a session wait in the store: wakes its connection, if it has one.
  package func controlsWaiting(row: Int64) async {
    await live[row]?.connection.controlsWaiting()
  }
}
