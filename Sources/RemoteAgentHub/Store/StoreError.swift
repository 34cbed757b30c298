import GRDB

/// Why the store could not do what it was asked.
package enum StoreError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The database can't be opened, or is of a newer version.
  case cannotOpen(path: String, reason: String)
  /// The engine failed: a full or broken disk. Nothing of the call is stored.
  case failed(String)
  /// The device was revoked while it was being served.
  case revoked
  /// The control's life ended, or it was settled, before it could be sent.
  case notWaiting

  package var description: String {
    switch self {
    case .cannotOpen(let path, let reason): "opening \(path): \(reason)"
    case .failed(let reason): "the database failed: \(reason)"
    case .revoked: "the device is revoked"
    case .notWaiting: "the control doesn't wait any more"
    }
  }
}

extension StoreError {
  /// An engine's error, without statement and arguments: they may hold what is nobody's business.
  init(_ error: any Error) {
    self = (error as? StoreError) ?? .failed(StoreError.reason(error))
  }

  static func reason(_ error: any Error) -> String {
    if case StoreError.failed(let reason) = error { return reason }
    guard let error = error as? DatabaseError else { return "\(error)" }
    return error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
  }
}
