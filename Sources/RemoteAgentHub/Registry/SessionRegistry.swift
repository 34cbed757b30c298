package import RemoteAgentCore

/// Which connections there are: all of each device, and of each session one at most, the newest.
package actor SessionRegistry {
  /// By session.
  private var live: [Int64: any LiveConnection] = [:]
  /// By device; from the upgrade on, before a session is asked for.
  private var connections: [String: [ObjectIdentifier: any LiveConnection]] = [:]

  package init() {}

  /// How many sessions are connected.
  package var count: Int { live.count }

  /// How many connections a device has.
  package func count(of clientId: String) -> Int { connections[clientId]?.count ?? 0 }

  /// A device has connected. Only then its connection looks whether the device may go on: so a refusal that the store does
  /// not know at that look finds the connection here.
  package func connected(_ connection: any LiveConnection, clientId: String) {
    connections[clientId, default: [:]][ObjectIdentifier(connection)] = connection
  }

  /// A connection is over.
  package func disconnected(_ connection: any LiveConnection, clientId: String) {
    connections[clientId]?[ObjectIdentifier(connection)] = nil
    if connections[clientId]?.isEmpty == true { connections[clientId] = nil }
  }

  /// Makes a connection the session's; returns when the one before, if any, has committed or dropped all it took.
  ///
  /// The caller opens one session at a time.
  package func register(row: Int64, connection: any LiveConnection) async {
    let old = live.updateValue(connection, forKey: row)
    guard let old, old !== connection else { return }
    await old.supersede()
  }

  /// A connection has left its session; false if the session has a newer one.
  package func unregister(row: Int64, connection: any LiveConnection) -> Bool {
    guard live[row] === connection else { return false }
    live[row] = nil
    return true
  }

  /// A device is refused from now on: tells its connections. The store knows it already, so that none comes after.
  package func refused(_ clientId: String, why: DeviceRefusal) async {
    for connection in (connections[clientId] ?? [:]).values { await connection.refuse(why) }
  }

  /// Controls of a session wait in the store: wakes its connection, if it has one.
  package func controlsWaiting(row: Int64) async {
    await live[row]?.controlsWaiting()
  }
}
