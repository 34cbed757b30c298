import RemoteAgentCore
package import RemoteAgentTLS

/// What pairing gave a device, as it is kept: enough for `ra-tunnel` to need no option.
package struct Credential: Sendable {
  package let hub: HubURL
  /// The certificates trusted in place of the system's, PEM; nil: the system's.
  package let ca: String?
  /// The keys that the hub may have; without `ca` they stand in for the chain.
  package let pins: PinSet?
  /// On the way to the hub, for this run; not kept.
  package var proxy: Proxy?
  package let clientId: String
  package let label: String
  package let key: ES256PrivateKey
  package let refreshToken: String
  /// Unix milliseconds.
  package let pairedAt: Int64

  package init(
    hub: HubURL, ca: String?, pins: PinSet? = nil, clientId: String, label: String, key: ES256PrivateKey,
    refreshToken: String,
    pairedAt: Int64
  ) {
    self.hub = hub
    self.ca = ca
    self.pins = pins
    self.clientId = clientId
    self.label = label
    self.key = key
    self.refreshToken = refreshToken
    self.pairedAt = pairedAt
  }

  package func identity(tool: String) -> DeviceIdentity { DeviceIdentity(hub: hub, proxy: proxy, key: key, tool: tool) }

  /// What TLS connections to the hub are made with: those certificates, those pins, or both; else the system's store.
  ///
  /// - Parameter ca: PEM.
  package static func context(ca: String?, pins: PinSet?) throws(ClientError) -> TLSContext {
    let trust: TLSContext.Trust = ca.map { .certificates(pem: Array($0.utf8)) } ?? (pins == nil ? .system : .pins)
    do {
      return try TLSContext.client(trust: trust, pins: pins)
    } catch {
      throw .refused("\(error)")
    }
  }

  /// The same for this credential.
  ///
  /// - Parameter pins: in place of the credential's own, for one run.
  package func context(pins: PinSet? = nil) throws(ClientError) -> TLSContext {
    try Credential.context(ca: ca, pins: pins ?? self.pins)
  }

  /// Whether a string names a credential: a letter or digit, then at most 63 of `A-Za-z0-9._-`.
  package static func isValidName(_ name: String) -> Bool {
    SessionDescription.isValidId(name) && name.utf8.count <= 64 && !name.contains(":")
  }
}
