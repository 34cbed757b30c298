import Glibc
import Synchronization

/// Standard output as `print` writes it.
package enum StandardOutput {
  private static let program = Mutex("")

  /// What was printed and can't be written makes the program fail when it exits, whatever status that was to be: a full disk is
  /// no success (gnulib's closeout). To be called once, before anything else.
  package static func checkAtExit(program: String) {
    self.program.withLock { $0 = program }
    atexit {
      guard fflush(nil) != 0 else { return }
      let reason = String(cString: strerror(errno))
      Diagnostics(program: StandardOutput.program.withLock { $0 }).error("standard output: \(reason)")
      _exit(ExitStatus.lost)
    }
  }
}
