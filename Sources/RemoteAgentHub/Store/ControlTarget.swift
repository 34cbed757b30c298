/// Whom a control is for: a session's agent, or the device itself. Each has controls of its own, numbered and acknowledged
/// for itself, and one connection at most that takes them.
package enum ControlTarget: Sendable, Hashable {
  /// By the session's key in the store.
  case session(Int64)
  /// By `clientId`: what comes on the device channel.
  case device(String)
}
