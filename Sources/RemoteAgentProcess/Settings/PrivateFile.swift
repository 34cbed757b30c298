import Glibc

/// Files with secrets in them: only their owner may read them.
package enum PrivateFile {
  package struct Refusal: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
  }

  /// Reads a file that must be ours (or root's) and closed to group and others.
  package static func read(_ path: String) throws -> [UInt8] {
    var status = stat()
    guard stat(path, &status) == 0 else { throw FileError(path: path, tried: "reading", errno: errno) }
    guard status.st_uid == getuid() || status.st_uid == 0 else {
      throw Refusal(description: "it belongs to another user")
    }
    guard status.st_mode & 0o077 == 0 else {
      throw Refusal(description: "others may read it (mode \(String(status.st_mode & 0o777, radix: 8))): chmod 600 it")
    }
    return try AtomicFile.read(path)
  }
}
