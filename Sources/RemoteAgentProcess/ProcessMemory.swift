import CPosix

/// The memory of a program that has keys and tokens in it.
package enum ProcessMemory {
  /// Keeps it from other programs of the same user: no core is written, and no debugger and nobody but root reads it. To be
  /// called before there is a secret.
  ///
  /// It makes what is in `/proc/PID` root's; a process's own `/proc/self/fd`, and so `/dev/stdin`, it leaves usable.
  package static func keepPrivate() { cposix_keep_memory_private() }
}
