package import RemoteAgentTLS

/// How `ra-tunnel --device-channel` runs.
package struct ChannelOptions: Sendable {
  /// The keys that the hub may have, in place of the credential's, for this run.
  package var pins: PinSet?
  /// Where events are written to.
  package var events: Int32?
  /// `ra-tunnel/0.1.0`
  package var tool: String

  package init(tool: String) {
    self.tool = tool
  }
}
