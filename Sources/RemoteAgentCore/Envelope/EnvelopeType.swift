/// The closed set of messages (PROTOCOL section 4).
package enum EnvelopeType: String, Sendable, CaseIterable {
  case hello, auth, log, status, ack, control, error, ping, pong

  /// Whether it carries a sequence number of its direction.
  package var isSequenced: Bool { self == .log || self == .status || self == .control }
}
