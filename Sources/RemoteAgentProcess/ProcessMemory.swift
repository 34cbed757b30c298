import CPosix

/// The memory of a program that has keys and tokens in it.
package enum ProcessMemory {
  /// Keeps it from other programs of the same user: no core is written, and no debugger and nobody but root reads it. To be
  /// called before there is a secret.
  ///
  /// It makes what is in `/proc/PID` root's; a process's own `/proc/self/fd`, and so `/dev/stdin`, it leaves usable.
  ///
  /// - Parameter startsOthers: a program that starts the user's leaves them the limit of cores, which they would inherit.
  package static func keepPrivate(startsOthers: Bool = false) {
    cposix_keep_memory_private()
    if !startsOthers { cposix_forbid_cores() }
  }
}
