package import RemoteAgentCore

/// Which connections there are: all of each device, and of each session and each device channel one at most, the newest.
package actor SessionRegistry {
  /// By whose controls they take.
  private var live: [ControlTarget: any LiveConnection] = [:]
  /// By device; from the upgrade on, before a session is asked for.
  private var connections: [String: [ObjectIdentifier: any LiveConnection]] = [:]

  package init() {}

  /// How many sessions are connected.
  package var count: Int { live.count - channelCount }

  /// How many devices have their channel open.
  package var channelCount: Int {
    live.keys.count { if case .device = $0 { true } else { false } }
  }

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

  /// Makes a connection the session's or the device's; returns when the one before, if any, has committed or dropped all it
  /// took.
  ///
  /// The caller opens one at a time.
  package func register(_ target: ControlTarget, connection: any LiveConnection) async {
    let old = live.updateValue(connection, forKey: target)
    guard let old, old !== connection else { return }
    await old.supersede()
  }

  /// A connection has left its place; false if that has a newer one.
  package func unregister(_ target: ControlTarget, connection: any LiveConnection) -> Bool {
    guard live[target] === connection else { return false }
    live[target] = nil
    return true
  }

  /// A device is refused from now on: tells its connections. The store knows it already, so that none comes after.
  package func refused(_ clientId: String, why: DeviceRefusal) async {
    for connection in (connections[clientId] ?? [:]).values { await connection.refuse(why) }
  }

  /// Controls wait in the store: wakes the connection that takes them, if there is one.
  package func controlsWaiting(_ target: ControlTarget) async {
    await live[target]?.controlsWaiting()
  }

  /// The store can note again what is sent, which it could not: wakes all connections, as any may have left off.
  package func allControlsWaiting() async {
    for connection in live.values { await connection.controlsWaiting() }
  }
}
