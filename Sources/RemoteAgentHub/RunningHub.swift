/// A hub that accepts connections.
package struct RunningHub: Sendable {
  /// `https://host:port`, the address that is shown first.
  package let url: String
  package let port: Int
  /// The PEM file a device is to trust; nil if the certificate is somebody else's.
  package let caPath: String?
  package let store: HubStore
  package let registry: SessionRegistry
  /// Begins the stop that SIGTERM begins.
  package let stop: @Sendable () async -> Void
}
