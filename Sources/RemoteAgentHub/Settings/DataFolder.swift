import Glibc
import RemoteAgentProcess

/// The hub's folder: private to its user, and one hub's at a time.
///
/// The lock is the kernel's (`flock`): it dies with the process, however that ends.
package struct DataFolder: ~Copyable {
  /// Absolute, without symbolic links.
  package let path: String
  private let lock: Int32

  /// Makes the folder with mode 0700 if needed, and locks it.
  ///
  /// Throws ``HubError/folderInUse(folder:)`` if another process has it.
  package init(path: String) throws(HubError) {
    do throws(FileError) {
      try AtomicFile.makeFolder(path)
    } catch {
      throw HubError(error)
    }
    // All that can fail comes before the members: what throws has no lock to give back.
    let real = try Self.checked(path)
    let descriptor = try Self.locked(real)
    self.path = real
    lock = descriptor
  }

  deinit {
    close(lock)
  }

  /// The folder's absolute path, if it is a folder of ours that we can keep private.
  private static func checked(_ path: String) throws(HubError) -> String {
    let status: FileStatus
    do throws(FileError) {
      status = try FileStatus(path: path)
    } catch {
      throw HubError(error)
    }
    guard status.isFolder, let real = realpath(path, nil) else {
      throw HubError(FileError(path: path, tried: "opening", errno: status.isFolder ? errno : ENOTDIR))
    }
    defer { free(real) }
    guard status.owner == geteuid() else { throw .file("\(path) belongs to another user") }
    if status.permissions & 0o077 != 0, chmod(path, 0o700) != 0 {
      throw HubError(FileError(path: path, tried: "making private", errno: errno))
    }
    return String(cString: real)
  }

  private static func locked(_ folder: String) throws(HubError) -> Int32 {
    let path = folder + "/lock"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw HubError(FileError(path: path, tried: "opening", errno: errno)) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(descriptor)
      throw code == EWOULDBLOCK
        ? .folderInUse(folder: folder) : HubError(FileError(path: path, tried: "locking", errno: code))
    }
    return descriptor
  }
}
