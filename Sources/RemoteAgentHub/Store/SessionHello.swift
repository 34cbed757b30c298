package import RemoteAgentCore

/// What a device's hello asks the store for.
package struct SessionHello: Sendable, Equatable {
  package let clientId: String
  package let description: SessionDescription
  /// All controls up to it were written on the device.
  package let deviceControlCursor: Int64

  package init(clientId: String, description: SessionDescription, deviceControlCursor: Int64) {
    self.clientId = clientId
    self.description = description
    self.deviceControlCursor = deviceControlCursor
  }
}

/// What the store answers it.
package struct OpenedSession: Sendable, Equatable {
  /// The session's key in the store.
  package let row: Int64
  /// The hub's own name of the session: letters and digits, fit for URLs and shells.
  package let id: String
  /// All up to it is stored.
  package let cursor: Int64
  /// The larger of the hub's and the device's; controls that wait are numbered above it.
  package let controlCursor: Int64
  /// The highest number that a control of the session ever got.
  package var controlsGiven: Int64?
  package let ended: Bool
  /// Bytes of its envelopes that are stored.
  package var stored: Int64 = 0
}
