package import Glibc
import SystemPackage

/// Why a file could not be written or read: the path, what was tried, and the system's error number.
package struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
  package let path: String
  package let tried: String
  package let errno: Int32

  package init(path: String, tried: String, errno: Int32) {
    self.path = path
    self.tried = tried
    self.errno = errno
  }

  package var description: String { "\(tried) \(path): \(String(cString: strerror(errno)))" }
}

/// Files that are there whole or not at all.
package enum AtomicFile {
  /// Writes a file under a temporary name in the same folder, flushes it, and renames it into place.
  ///
  /// - Parameter mode: the file's permissions, whatever the umask is.
  package static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(FileError) {
    let temporary = "\(path).\(UInt64.random(in: 0 ... .max))"
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw FileError(path: path, tried: "creating", errno: errno) }
    do throws(FileError) {
      defer { close(file) }
      guard fchmod(file, mode) == 0 else { throw FileError(path: path, tried: "creating", errno: errno) }
      do {
        _ = try FileDescriptor(rawValue: file).writeAll(bytes)
      } catch {
        throw FileError(path: path, tried: "writing", errno: (error as? Errno)?.rawValue ?? EIO)
      }
      guard fsync(file) == 0 else { throw FileError(path: path, tried: "flushing", errno: errno) }
      guard rename(temporary, path) == 0 else { throw FileError(path: path, tried: "replacing", errno: errno) }
    } catch {
      unlink(temporary)
      throw error
    }
    try flushFolder(of: path)
  }

  /// Flushes the folder that a file is in, so that the file's name survives a loss of power.
  package static func flushFolder(of path: String) throws(FileError) {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: folder, tried: "flushing", errno: errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw FileError(path: folder, tried: "flushing", errno: errno) }
  }

  /// Makes a folder and what is missing above it, all for its owner alone.
  package static func makeFolder(_ path: String) throws(FileError) {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
      throw FileError(path: path, tried: "creating the folder", errno: errno)
    }
    try makeFolder(String(path[..<slash]))
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
      throw FileError(path: path, tried: "creating the folder", errno: errno)
    }
  }

  /// Reads a whole file of at most `limit` bytes; a longer one is EFBIG.
  package static func read(_ path: String, limit: Int = 1 << 20) throws(FileError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, tried: "reading", errno: errno) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw FileError(path: path, tried: "reading", errno: errno) }
      if count == 0 { return bytes }
      bytes.append(contentsOf: chunk[..<count])
      guard bytes.count <= limit else { throw FileError(path: path, tried: "reading", errno: EFBIG) }
    }
  }
}
