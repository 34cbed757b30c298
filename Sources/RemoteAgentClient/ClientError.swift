import RemoteAgentProcess

/// Why a client of the hub could not do what was asked.
package enum ClientError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A hub's URL that can't be used, and why.
  case badURL(String, String)
  /// What a person or program gave is not what it must be.
  case badInput(String)
  /// A file that was named can't be read.
  case noInput(String)
  /// The hub can't be reached now; trying again may help.
  case unreachable(String)
  /// TLS or the protocol was refused; trying again won't help.
  case refused(String)
  /// Not paired, or revoked.
  case notPaired(String)
  /// The hub asked to come later.
  case busy(String, retryAfter: Int64?)
  /// A settings file that can't be used: its path, and why.
  case configuration(String, String)
  /// A credential's store that can't be used: what was tried and why, and what to do.
  case credential(String, hint: String?)
  /// A settings file that can't be written: its path, and why.
  case cannotCreate(String, String)

  package var description: String {
    switch self {
    case .badURL(let url, let why): "\(url): \(why)"
    case .badInput(let why), .noInput(let why), .unreachable(let why), .refused(let why), .notPaired(let why),
      .busy(let why, _), .credential(let why, _):
      why
    case .configuration(let path, let why), .cannotCreate(let path, let why): "\(path): \(why)"
    }
  }

  /// The exit status that tells it.
  package var exitStatus: Int32 {
    switch self {
    case .badURL: ExitStatus.usage
    case .badInput: ExitStatus.badInput
    case .noInput: ExitStatus.noInput
    case .unreachable, .busy: ExitStatus.unreachable
    case .refused: ExitStatus.refused
    case .notPaired: ExitStatus.notPaired
    case .configuration, .credential: ExitStatus.configuration
    case .cannotCreate: ExitStatus.cannotCreate
    }
  }

  /// What to do about it, where that is the same for all programs.
  package var hint: String? {
    guard case .credential(_, let hint) = self else { return nil }
    return hint
  }
}
