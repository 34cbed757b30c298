import Glibc
import RemoteAgentProcess

/// Why a spool could not be used.
package enum SpoolError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The disk, the quota or the file size limit is full: there may be room later.
  case noRoom(String)
  /// Another process has the session.
  case inUse(String)
  case failed(String)

  init(_ error: FileError) {
    self = [ENOSPC, EDQUOT, EFBIG].contains(error.errno) ? .noRoom("\(error)") : .failed("\(error)")
  }

  init(_ tried: String, _ path: String, errno: Int32) {
    self.init(FileError(path: path, tried: tried, errno: errno))
  }

  package var description: String {
    switch self {
    case .noRoom(let why), .failed(let why): why
    case .inUse(let id): "session \(id): another ra-tunnel has it"
    }
  }
}
