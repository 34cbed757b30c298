import Glibc
import RemoteAgentProcess

/// A session's folder on the disk, locked as long as this object lives.
final class DiskFolder: SegmentFolder {
  static let descriptionName = "session.json"
  /// The description of a session that is delivered.
  static let deliveredName = "session.json.delivered"

  let path: String
  private let lock: Int32

  /// - Parameter lock: the folder's descriptor, with its lock; it is closed with this object.
  init(path: String, lock: Int32) {
    self.path = path
    self.lock = lock
  }

  deinit { close(lock) }

  func names() throws(SpoolError) -> [String] { try DiskFolder.names(in: path) }

  func size(of name: String) -> Int64? { try? FileStatus(path: "\(path)/\(name)").size }

  func open(_ name: String, for use: SegmentUse) throws(SpoolError) -> any SegmentFile {
    let path = "\(path)/\(name)"
    let flags =
      switch use {
      case .reading: O_RDONLY
      case .writing: O_RDWR
      case .creating: O_RDWR | O_CREAT | O_TRUNC
      }
    return DiskFile(path: path, descriptor: try DiskFolder.open(path, flags))
  }

  func remove(_ name: String) { unlink("\(path)/\(name)") }

  func flush() { fsync(lock) }

  func removeAll() {
    // Killed from here on, there is no session any more, and never one without its lines.
    rename("\(path)/\(DiskFolder.descriptionName)", "\(path)/\(DiskFolder.deliveredName)")
    DiskFolder.delete(path)
  }

  /// Deletes a session's folder, and the device's if it was the last in it.
  static func delete(_ folder: String) {
    clear(folder)
    rmdir(folder)
    rmdir(String(folder[..<(folder.lastIndex(of: "/") ?? folder.endIndex)]))
  }

  /// Deletes what is in a session's folder; what says that it may be deleted goes last.
  static func clear(_ folder: String) {
    let names = (try? names(in: folder)) ?? []
    for name in names where name != deliveredName { unlink("\(folder)/\(name)") }
    unlink("\(folder)/\(deliveredName)")
  }

  static func open(_ path: String, _ flags: Int32) throws(SpoolError) -> Int32 {
    let file = Glibc.open(path, flags | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw SpoolError("opening", path, errno: errno) }
    return file
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

/// An open file on the disk.
private final class DiskFile: SegmentFile {
  private let path: String
  private let descriptor: Int32

  init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  func read(at offset: Int64, count: Int) throws(SpoolError) -> [UInt8] {
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let got = pread(descriptor, buffer.baseAddress! + filled, count - filled, off_t(offset) + filled)
        if got < 0, errno == EINTR { continue }
        if got < 0 { failure = errno }
        guard got > 0 else { return }
        filled += got
      }
    }
    guard failure == 0 else { throw SpoolError("reading", path, errno: failure) }
    return bytes
  }

  func write(_ bytes: [UInt8], at offset: Int64) throws(SpoolError) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress! + written, bytes.count - written, off_t(offset) + written)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let error = count == 0 ? ENOSPC : errno
        // What was written before the failure is cut off again.
        ftruncate(descriptor, off_t(offset))
        throw SpoolError("writing", path, errno: error)
      }
      written += count
    }
  }

  func overwrite(_ bytes: [UInt8], at offset: Int64) -> Bool {
    bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, bytes.count, off_t(offset)) } == bytes.count
  }

  func cut(to size: Int64) throws(SpoolError) {
    if ftruncate(descriptor, off_t(size)) != 0 { throw SpoolError("cutting", path, errno: errno) }
  }

  func flush() throws(SpoolError) {
    if fdatasync(descriptor) != 0 { throw SpoolError("flushing", path, errno: errno) }
  }
}
