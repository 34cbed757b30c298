import CPosix

/// Who descends from whom, as /proc says.
package enum ProcessTree {
  /// The process ids of all that descend from a process, in ascending order, at most 4096.
  package static func descendants(of processID: Int32) -> [Int32] {
    var found = [Int32](repeating: 0, count: 4096)
    let count = cposix_descendants(processID, &found, Int32(found.count))
    return Array(found[..<Int(count)])
  }
}
