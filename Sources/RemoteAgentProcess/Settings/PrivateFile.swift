import Glibc

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

  /// Reads a file that must be ours (or root's) and closed to group and others.
  package static func read(_ path: String) throws(Refusal) -> [UInt8] {
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
      return try AtomicFile.read(path)
    } catch {
      throw Refusal(path: path, error)
    }
  }
}

extension PrivateFile.Refusal {
  fileprivate init(path: String, _ error: FileError) {
    self.init(
      description: "reading it: \(String(cString: strerror(error.errno)))",
      hint: error.errno == ENOENT ? nil : "it is left as it is; `ls -l \(path)` shows whose it is")
  }
}
