import Glibc
package import RemoteAgentCore

/// Files with secrets in them: only their owner may read them.
package enum PrivateFile {
  /// Why such a file is not taken, and what to do.
  package struct Refusal: Error, CustomStringConvertible {
    package let description: String
    package let hint: String?

    package init(description: String, hint: String? = nil) {
      self.description = description
      self.hint = hint
    }
  }

  /// Bytes at most.
  private static let limit = 1 << 20

  /// Reads a file that must be ours (or root's) and closed to group and others.
  ///
  /// - Parameter patience: how long the end of a FIFO is waited for.
  package static func read(_ path: String, patience: Milliseconds = 10_000) throws(Refusal) -> [UInt8] {
    let status: FileStatus
    do {
      status = try FileStatus(path: path)
    } catch {
      throw Refusal(path: path, error)
    }
    guard status.owner == getuid() || status.owner == 0 else {
      throw Refusal(
        description: "it belongs to user \(status.owner), and this is user \(getuid())",
        hint: "run it as the file's owner, without sudo; or `chown` the file")
    }
    guard status.permissions & 0o077 == 0 else {
      throw Refusal(
        description: "others may read it (mode \(String(status.permissions & 0o777, radix: 8)))",
        hint: "chmod 600 \(path)")
    }
    do {
      return try contents(of: path, patience)
    } catch {
      throw Refusal(path: path, error)
    }
  }

  private static func contents(of path: String, _ patience: Milliseconds) throws(FileError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError(path: path, tried: "reading", errno: errno) }
    let bytes: [UInt8]
    do throws(ProcessError) {
      bytes = try Descriptor.readToEnd(descriptor, limit: limit + 1, patience: patience)
    } catch {
      throw FileError(path: path, tried: "reading", errno: error.errno)
    }
    guard bytes.count <= limit else { throw FileError(path: path, tried: "reading", errno: EFBIG) }
    return bytes
  }
}

extension PrivateFile.Refusal {
  fileprivate init(path: String, _ error: FileError) {
    guard error.errno != ETIMEDOUT else {
      self.init(description: "nobody wrote to it, and closed it, in time")
      return
    }
    self.init(
      description: "reading it: \(String(cString: strerror(error.errno)))",
      hint: error.errno == ENOENT ? nil : "it is left as it is; `ls -l \(path)` shows whose it is")
  }
}
