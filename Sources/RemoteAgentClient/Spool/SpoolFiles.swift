import Glibc
import RemoteAgentProcess

/// Plain reading and writing of a spool's files.
enum SpoolFiles {
  static func open(_ path: String, _ flags: Int32) throws(SpoolError) -> Int32 {
    let file = Glibc.open(path, flags | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw SpoolError("opening", path, errno: errno) }
    return file
  }

  /// Writes all of it at `offset`, or none: what was written before a failure is cut off again.
  static func write(_ bytes: [UInt8], to file: Int32, at offset: Int64, path: String) throws(SpoolError) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        pwrite(file, $0.baseAddress! + written, bytes.count - written, off_t(offset) + written)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let error = count == 0 ? ENOSPC : errno
        ftruncate(file, off_t(offset))
        throw SpoolError("writing", path, errno: error)
      }
      written += count
    }
  }

  /// Reads at most `count` bytes at `offset`; fewer only at the end of the file.
  static func read(_ file: Int32, at offset: Int64, count: Int, path: String) throws(SpoolError) -> [UInt8] {
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let got = pread(file, buffer.baseAddress! + filled, count - filled, off_t(offset) + filled)
        if got < 0, errno == EINTR { continue }
        if got < 0 { failure = errno }
        guard got > 0 else { return }
        filled += got
      }
    }
    guard failure == 0 else { throw SpoolError("reading", path, errno: failure) }
    return bytes
  }

  /// The names in a folder but `.` and `..`, sorted; empty if there is no such folder.
  static func names(in path: String) throws(SpoolError) -> [String] {
    guard let folder = opendir(path) else {
      if errno == ENOENT { return [] }
      throw SpoolError("reading", path, errno: errno)
    }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
