package import RemoteAgentCore

/// A device whose upgrade was admitted.
package struct AdmittedStream: Sendable, Equatable {
  package let clientId: String
  /// The thumbprint of the key that its token is bound to.
  package let fingerprint: String
  /// What is left of its session token's life.
  package let tokenLife: Milliseconds
  /// Where it comes from, as the session list shows it.
  package let address: String?
}
