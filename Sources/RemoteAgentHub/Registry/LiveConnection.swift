package import RemoteAgentCore

/// A device's connection, as the rest of the hub knows it.
package protocol LiveConnection: AnyObject, Sendable {
  /// A newer connection takes over; returns when everything taken from this one is committed or dropped.
  func supersede() async
  /// The device is refused from now on: the connection is to be closed at once.
  func refuse(_ why: DeviceRefusal) async
  /// Controls wait in the store.
  func controlsWaiting() async
}
