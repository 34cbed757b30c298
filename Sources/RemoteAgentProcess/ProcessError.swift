import Glibc

/// Why something with processes or descriptors failed: what was tried, and the system's error number.
package struct ProcessError: Error, Sendable, Equatable, CustomStringConvertible {
  package let tried: String
  package let errno: Int32

  package init(tried: String, errno: Int32) {
    self.tried = tried
    self.errno = errno
  }

  package var description: String { "\(tried): \(String(cString: strerror(errno)))" }
}
