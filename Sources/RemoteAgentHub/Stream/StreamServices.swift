import RemoteAgentCore

/// What the streams of a hub share.
struct StreamServices: Sendable {
  let store: any StreamStore
  let registry: SessionRegistry
  let gate: SessionGate
  let devices: DeviceAuthority
  let configuration: HubSession.Configuration
  let limits: ConnectionLimits
  let clock: HubClock
  let forwarded: ForwardedFor
  /// The origin that people see, for a session's page.
  let pageOrigin: @Sendable () -> String?
}
