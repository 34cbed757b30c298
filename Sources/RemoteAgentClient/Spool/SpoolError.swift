import Glibc
import RemoteAgentProcess

/// Why a spool could not be used.
package enum SpoolError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The disk, the quota or the file size limit is full: there may be room later.
  case noRoom(String)
  /// Another process has the session.
  case inUse(String)
  case failed(String)

  init(_ tried: String, _ path: String, errno error: Int32) {
    let text = "\(FileError(path: path, tried: tried, errno: error))"
    self = [ENOSPC, EDQUOT, EFBIG].contains(error) ? .noRoom(text) : .failed(text)
  }

  package var description: String {
    switch self {
    case .noRoom(let why), .failed(let why): why
    case .inUse(let id): "session \(id): another ra-tunnel has it"
    }
  }
}
