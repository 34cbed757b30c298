import GRDB
package import RemoteAgentCore

/// Why the store could not do what it was asked.
package enum StoreError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The database can't be opened, or is of a newer version.
  case cannotOpen(path: String, reason: String)
  /// The disk is full or can't be written. Nothing of the call is stored.
  case cannotStore(StoreOutage)
  /// The engine failed otherwise. Nothing of the call is stored.
  case failed(String)
  /// The device may not do that any more: it was revoked while it was being served, say.
  case refused(DeviceRefusal)
  /// The control's life ended, or it was settled, before it could be sent.
  case notWaiting

  package var description: String {
    switch self {
    case .cannotOpen(let path, let reason): "opening \(path): \(reason)"
    case .cannotStore(let outage): outage.detail
    case .failed(let reason): "the database failed: \(reason)"
    case .refused(let why): why.sentence
    case .notWaiting: "the control doesn't wait any more"
    }
  }
}

extension StoreError {
  /// An engine's error, without statement and arguments: they may hold what is nobody's business.
  init(_ error: any Error) {
    if let error = error as? StoreError {
      self = error
    } else if let outage = StoreError.outage(error) {
      self = .cannotStore(outage)
    } else {
      self = .failed(StoreError.reason(error))
    }
  }

  /// Whether it is the disk's fault, and what of it.
  static func outage(_ error: any Error) -> StoreOutage? {
    switch (error as? DatabaseError)?.resultCode {
    case .SQLITE_FULL: .full
    // BUSY: another program holds the database, longer than we wait.
    case .SQLITE_IOERR, .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_BUSY: .broken
    default: nil
    }
  }

  static func reason(_ error: any Error) -> String {
    if case StoreError.failed(let reason) = error { return reason }
    guard let error = error as? DatabaseError else { return "\(error)" }
    return error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
  }
}
