package import Glibc

/// What stat(2) or fstat(2) says of a file.
///
/// For targets that import NIO too: in a release build its C module hides the members of Glibc's `struct stat`.
package struct FileStatus: Sendable, Equatable {
  package let isFolder: Bool
  package let isRegular: Bool
  /// Which file it is, under whatever name.
  package let identity: Identity
  package let owner: uid_t
  /// The permission bits, 0o7777 at most.
  package let permissions: mode_t
  /// Bytes.
  package let size: Int64

  package struct Identity: Sendable, Equatable {
    package let device: UInt64
    package let inode: UInt64

    package init(device: UInt64, inode: UInt64) {
      self.device = device
      self.inode = inode
    }
  }

  package init(path: String, followsLinks: Bool = true) throws(FileError) {
    var status = stat()
    guard (followsLinks ? stat(path, &status) : lstat(path, &status)) == 0 else {
      throw FileError(path: path, tried: "opening", errno: errno)
    }
    self.init(status)
  }

  /// Throws `ProcessError` if it is not open.
  package init(descriptor: Int32) throws(ProcessError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw ProcessError(tried: "using descriptor \(descriptor)", errno: errno)
    }
    self.init(status)
  }

  private init(_ status: stat) {
    isRegular = status.st_mode & S_IFMT == S_IFREG
    identity = Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    isFolder = status.st_mode & S_IFMT == S_IFDIR
    owner = status.st_uid
    permissions = status.st_mode & 0o7777
    size = Int64(status.st_size)
  }
}
