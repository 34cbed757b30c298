import GRDB
import Glibc
import RemoteAgentProcess
import Synchronization

/// A copy of a hub's database, taken while the hub runs or when none does.
///
/// It is read from a snapshot, by a connection of its own: all that was acknowledged before is in it, commits go on beside
/// it, and the write-ahead log grows by what they bring until it is done. (VACUUM INTO takes as long and blocks as little,
/// but can't be stopped in between.)
package enum HubBackup {
  /// Pages between two looks at the signals: 4 MiB.
  private static let step: CInt = 1_024

  /// Copies `folder`'s database to `path`, which is there whole or not at all, for its owner alone.
  ///
  /// SIGINT, SIGTERM and SIGHUP end the process only when nothing is left behind.
  ///
  /// - Parameter replaces: whether a file that is there gives way.
  /// - Returns: the copy's size in bytes.
  package static func write(of folder: String, to path: String, replaces: Bool) throws(HubError) -> Int64 {
    let source = folder + "/hub.db"
    let original: FileStatus
    do {
      original = try FileStatus(path: source)
    } catch {
      throw error.errno == ENOENT
        ? .file("there is no hub's database in \(folder)") : file(source, "opening", error.errno)
    }
    if let found = try? FileStatus(path: path, followsLinks: false) {
      guard found.isRegular else { throw .file("\(path) is not a regular file") }
      guard replaces else { throw .file("\(path) is there already; --force replaces it") }
      guard found.identity != original.identity else {
        throw .file("\(path) is the database itself")
      }
    }
    // Let go last of all, when nothing is left behind.
    HeldSignals.hold()
    defer { HeldSignals.release() }
    let temporary = "\(path).\(UInt64.random(in: 0 ... .max))"
    let descriptor = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw file(path, "creating", errno) }
    defer { close(descriptor) }
    var isDone = false
    defer { if !isDone { unlink(temporary) } }
    Signals.ignoreFileSizeLimits()
    guard fchmod(descriptor, 0o600) == 0 else { throw file(path, "creating", errno) }
    do {
      try copy(source, to: temporary, while: { !HeldSignals.isOnePending })
    } catch is CancellationError {
      throw .file("writing \(path): interrupted")
    } catch {
      throw StoreError.outage(error) == .full
        ? file(path, "writing", ENOSPC) : .file("copying \(source) to \(path): \(StoreError.reason(error))")
    }
    guard fsync(descriptor) == 0 else { throw file(path, "flushing", errno) }
    try place(temporary, at: path, replaces: replaces)
    isDone = true
    do {
      try AtomicFile.flushFolder(of: path)
    } catch {
      throw HubError(error)
    }
    return (try? FileStatus(path: path).size) ?? 0
  }

  private static func copy(_ source: String, to path: String, while mayGoOn: @escaping @Sendable () -> Bool) throws {
    var configuration = Configuration()
    configuration.busyMode = .timeout(30)
    let hub = try DatabaseQueue(path: source, configuration: configuration)
    configuration.prepareDatabase { database in
      // It is flushed when it is whole, and of no use before.
      try database.execute(sql: "PRAGMA journal_mode = OFF")
      try database.execute(sql: "PRAGMA synchronous = OFF")
    }
    let copy = try DatabaseQueue(path: path, configuration: configuration)
    try hub.read { hub in
      // From here on it is one snapshot.
      guard try Int.fetchOne(hub, sql: "SELECT count(*) FROM sqlite_master") ?? 0 > 0 else {
        throw StoreError.failed("it is empty")
      }
      try copy.writeWithoutTransaction { copy in
        try hub.backup(to: copy, pagesPerStep: step) { _ in
          guard mayGoOn() else { throw CancellationError() }
        }
      }
    }
    try copy.close()
    try hub.close()
  }

  /// Gives the copy its name; one that came meanwhile is not replaced unless that is wanted.
  private static func place(_ temporary: String, at path: String, replaces: Bool) throws(HubError) {
    if !replaces {
      if link(temporary, path) == 0 {
        unlink(temporary)
        return
      }
      // A file system without hard links.
      guard errno == EPERM || errno == EOPNOTSUPP else { throw file(path, "creating", errno) }
      guard access(path, F_OK) != 0 else { throw file(path, "creating", EEXIST) }
    }
    guard rename(temporary, path) == 0 else { throw file(path, "replacing", errno) }
  }

  private static func file(_ path: String, _ tried: String, _ errno: Int32) -> HubError {
    HubError(FileError(path: path, tried: tried, errno: errno))
  }
}

/// Signals that take their effect when something is cleaned up: for the process, whichever thread gets them.
private enum HeldSignals {
  private static let numbers = [SIGINT, SIGTERM, SIGHUP]
  /// `SIG_IGN` as a number: functions can't be compared.
  private static let ignored = 1
  /// The last that came; 0 if none has.
  private static let pending = Atomic<Int32>(0)

  static func hold() {
    pending.store(0, ordering: .relaxed)
    for number in numbers {
      // One that is ignored, by nohup(1) say, stays so.
      if let before = signal(number, SIG_IGN), unsafeBitCast(before, to: Int.self) == Self.ignored { continue }
      signal(number) { HeldSignals.pending.store($0, ordering: .relaxed) }
    }
  }

  static var isOnePending: Bool { pending.load(ordering: .relaxed) != 0 }

  /// What has come takes its effect.
  static func release() {
    let number = pending.load(ordering: .relaxed)
    if number != 0 { Signals.die(of: number) }
  }
}
