import Glibc

/// Descriptors that were handed to us.
package enum Descriptors {
  /// Opens /dev/null in place of each of 0, 1 and 2 that is closed, so that no file we open takes its number.
  ///
  /// Returns the numbers that were closed.
  package static func fillStandard() -> Set<Int32> {
    var closed: Set<Int32> = []
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      closed.insert(descriptor)
      // Standard input is opened for writing and the others for reading: their use fails as if they were closed.
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
    return closed
  }

  package static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  /// Whether it is the null device.
  package static func isNull(_ descriptor: Int32) -> Bool {
    var status = stat()
    var null = stat()
    return fstat(descriptor, &status) == 0 && stat("/dev/null", &null) == 0 && status.st_rdev == null.st_rdev
      && status.st_mode & S_IFMT == S_IFCHR
  }
}
