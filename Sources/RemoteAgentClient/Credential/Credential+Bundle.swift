package import RemoteAgentCore
import RemoteAgentTLS

extension Credential {
  /// For a machine that has no place to keep it.
  package var bundle: CredentialBundle {
    CredentialBundle(
      hub: hub.description, ca: ca, pin: pins?.description, clientId: clientId, label: label,
      key: key.rawRepresentation,
      refreshToken: refreshToken, pairedAt: pairedAt)
  }

  package init(_ bundle: CredentialBundle) throws(CredentialBundle.Flaw) {
    guard let hub = try? HubURL(bundle.hub) else { throw .badMember("hub") }
    guard let key = try? ES256PrivateKey(rawRepresentation: bundle.key) else { throw .badMember("key") }
    let pins = bundle.pin.map { try? PinSet($0) }
    if case .some(nil) = pins { throw .badMember("pin") }
    self.init(
      hub: hub, ca: bundle.ca, pins: pins ?? nil, clientId: bundle.clientId, label: bundle.label, key: key,
      refreshToken: bundle.refreshToken, pairedAt: bundle.pairedAt)
  }
}
