/// A session's connection, as the rest of the hub knows it.
package protocol LiveConnection: AnyObject, Sendable {
  /// A newer connection takes over; returns when everything taken from this one is committed or dropped.
  func supersede() async
  /// The device was revoked: the connection is to be closed at once.
  func revoke() async
  /// Controls wait in the store.
  func controlsWaiting() async
}
