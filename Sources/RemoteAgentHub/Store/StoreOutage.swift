package import RemoteAgentCore

/// Why nothing can be stored at the moment.
package enum StoreOutage: String, Sendable, Equatable {
  /// The disk has no room.
  case full
  /// The disk can't be written: an error of the device, a limit, a quota, a file system that became read-only.
  case broken

  /// When whoever was refused may ask again, in milliseconds.
  package static let retryAfter: Milliseconds = 5_000

  /// For devices and people: no path, no word of the engine's.
  package var detail: String {
    switch self {
    case .full: "the hub's disk is full; it stores nothing until there is room"
    case .broken: "the hub's disk can't be written; it stores nothing until it can"
    }
  }
}
