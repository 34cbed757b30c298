package import RemoteAgentCore
package import RemoteAgentTLS

/// How `ra-tunnel` runs.
package struct TunnelOptions: Sendable {
  /// What the hub is told of the session.
  package var session: SessionDescription
  /// Every line is wrapped as text, also one of the line format.
  package var text = false
  /// The input is copied to standard output; then no controls are.
  package var tee = false
  /// Whether standard output begins with the hub's hello.
  package var announces = false
  /// How long to go on trying when nothing more comes through, in milliseconds; 0: for ever.
  package var flushTimeout: Milliseconds = 60_000
  /// The keys that the hub may have, in place of the credential's, for this run.
  package var pins: PinSet?
  /// What becomes of input that the spool has no room for.
  package var onFull = SpoolLimit.OnFull.block
  /// What names the credential, for the command that delivers what is left.
  package var credentialOptions: [String] = []
  /// Where events are written to.
  package var events: Int32?
  /// `ra-tunnel/0.1.0`
  package var tool: String

  package init(session: SessionDescription, tool: String) {
    self.session = session
    self.tool = tool
  }

  /// How long input is still read after a first signal, in milliseconds.
  static let interruptGrace: Milliseconds = 10_000
  /// Signals that come so soon after the first are the same one: a terminal and a shell may both send it.
  static let signalSpacing: Milliseconds = 200
}
