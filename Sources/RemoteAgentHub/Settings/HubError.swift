import RemoteAgentProcess

/// Why the hub's network side can't start or go on.
package enum HubError: Error, Equatable, CustomStringConvertible {
  /// Another hub has the folder.
  case folderInUse(folder: String)
  /// A folder or file can't be made, written or locked.
  case file(String)
  case certificate(path: String, reason: String)
  case badPublicURL(String)
  case cannotListen(address: String, reason: String)
  case server(reason: String)
  /// What would start agents on this machine is not there.
  case noRunner(reason: String)

  package var description: String {
    switch self {
    case .folderInUse(let folder): "\(folder): another ra-hub is running there"
    case .file(let reason): reason
    case .certificate(let path, let reason): "\(path): \(reason)"
    case .badPublicURL(let url): "\(url): the public URL must be https://host[:port] without a path"
    case .cannotListen(let address, let reason): "can't listen on \(address): \(reason)"
    case .server(let reason), .noRunner(let reason): reason
    }
  }
}

extension HubError {
  init(_ error: FileError) { self = .file(error.description) }
}
