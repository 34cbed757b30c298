/// A hub that accepts connections.
package struct RunningHub: Sendable {
  /// `https://host:port`, the address that is shown first.
  package let url: String
  package let port: Int
  /// `http://127.0.0.1:port`, for people on this machine.
  package let localURL: String?
  /// The PEM file a device is to trust; nil if the certificate is somebody else's.
  package let caPath: String?
  package let store: HubStore
  package let registry: SessionRegistry
  /// Begins the stop that SIGTERM begins.
  package let stop: @Sendable () async -> Void
}
