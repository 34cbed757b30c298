import CPosix
import Glibc

/// Who descends from whom, as /proc says.
package enum ProcessTree {
  private static let most = 4096

  /// The process ids of all that descend from a process, in ascending order, at most 4096.
  package static func descendants(of processID: Int32) -> [Int32] {
    var found = [Int32](repeating: 0, count: most)
    let count = cposix_descendants(processID, &found, Int32(found.count))
    return Array(found[..<Int(count)])
  }

  /// The children of this process that live, save some, in ascending order, at most 4096. Waits for those that have ended.
  package static func children(sparing ours: [Int32] = []) -> [Int32] {
    var found = [Int32](repeating: 0, count: most)
    let count = cposix_adopted(ours, Int32(ours.count), &found, Int32(most))
    return Array(found[..<min(Int(count), most)])
  }

  /// Whether every orphan comes to this process, whoever left it, and not only those that descend from us: as to the first one
  /// of a container.
  package static var inheritsAll: Bool { getpid() == 1 }
}
