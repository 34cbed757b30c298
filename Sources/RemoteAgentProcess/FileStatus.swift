package import Glibc

/// What stat(2) says of a file; symbolic links are followed.
///
/// For targets that import NIO too: in a release build its C module hides the members of Glibc's `struct stat`.
package struct FileStatus: Sendable, Equatable {
  package let isFolder: Bool
  package let owner: uid_t
  /// The permission bits, 0o7777 at most.
  package let permissions: mode_t

  package init(path: String) throws(FileError) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw FileError(path: path, tried: "opening", errno: errno) }
    isFolder = status.st_mode & S_IFMT == S_IFDIR
    owner = status.st_uid
    permissions = status.st_mode & 0o7777
  }
}
