import Glibc

/// Paths as the file system has them.
package enum FolderPath {
  /// The path without symbolic links, `.` and `..` (realpath(3)); nil, with `errno` set, if it is not there or not UTF-8.
  package static func resolve(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    guard let text = String(validatingCString: resolved) else {
      errno = EILSEQ
      return nil
    }
    return text
  }
}
