package import RemoteAgentTLS

/// With which hub a device is to be paired, and what the hub is told of it.
package struct PairingRequest: Sendable {
  package let hub: HubURL
  /// On the way to it.
  package let proxy: Proxy?
  /// The certificates trusted in place of the system's, PEM.
  package let ca: String?
  /// The keys that the hub may have.
  package let pins: PinSet?
  /// What the hub calls the device, at most 256 bytes.
  package let label: String

  package init(hub: HubURL, proxy: Proxy?, ca: String?, pins: PinSet?, label: String) {
    self.hub = hub
    self.proxy = proxy
    self.ca = ca
    self.pins = pins
    self.label = label
  }
}
