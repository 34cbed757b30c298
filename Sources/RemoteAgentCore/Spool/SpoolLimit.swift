/// How much of a session may stand in its spool, in bytes on the disk.
package enum SpoolLimit {
  package static let least: Int64 = 1 << 20
  package static let usual: Int64 = 1 << 30

  /// What becomes of the input when that is reached, or the disk is full.
  package enum OnFull: String, Sendable, CaseIterable {
    /// The input waits.
    case block
    /// The oldest lines go; the hub is told by a gap, and the exit status is not 0.
    case dropOldest = "drop-oldest"
    /// The process ends.
    case fail
  }
}
