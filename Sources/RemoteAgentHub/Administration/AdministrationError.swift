import RemoteAgentCore

/// Why a request to the hub's administration socket came to nothing.
package enum AdministrationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Nobody listens in that folder.
  case noHub(folder: String)
  /// The socket can't be used: it is another user's, say.
  case socket(String)
  /// The hub ended, or stopped answering, in the middle of it.
  case brokenOff
  /// The hub said no. `code` is the stable word.
  case refused(code: String, message: String)

  package var description: String {
    switch self {
    case .noHub(let folder): "no hub is running in \(folder)"
    case .socket(let reason): reason
    case .brokenOff: "the hub broke off its answer"
    case .refused(_, let message): message
    }
  }

  static func badRequest(_ message: String) -> AdministrationError { .refused(code: "bad_request", message: message) }

  static func notFound(_ message: String) -> AdministrationError { .refused(code: "not_found", message: message) }
}
