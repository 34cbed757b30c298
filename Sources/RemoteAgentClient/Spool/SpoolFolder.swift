import Glibc
package import RemoteAgentCore
import RemoteAgentProcess

/// Where a device's spools are: one folder a paired device, in it one a session.
package struct SpoolFolder: Sendable {
  /// How often something is tried that another process may be in the way of.
  private static let attempts = 50
  /// How often a folder is made, without a pause: somebody may remove it again and again, and each try takes microseconds.
  private static let makings = 5_000

  /// The paired device's folder.
  package let path: String

  /// - Parameters:
  ///   - root: `SettingsFolder.spools`.
  ///   - clientId: as the hub gave it; what is no part of a file name stands in it as `%XX`.
  package init(root: String, clientId: String) {
    var name = ""
    for byte in clientId.utf8.prefix(64) {
      let isPlain = Character(UnicodeScalar(byte)).isASCII && (isalnum(Int32(byte)) != 0 || byte == UInt8(ascii: "_"))
      name += isPlain ? String(UnicodeScalar(byte)) : "%" + Hex.encode([byte])
    }
    path = "\(root)/\(name)"
  }

  init(path: String) { self.path = path }

  /// A session that earlier runs left.
  package struct Waiting: Sendable {
    package let id: String
    package let createdAt: Int64
    /// Whether there is something to deliver: not where the folder is only being made, or its making or removing was cut short.
    package let isWhole: Bool
  }

  /// What came of locking a session's folder.
  private enum Locking {
    case locked(Int32)
    case heldByAnother
    /// Another process removed the folder.
    case gone
  }

  /// Makes the spool of a new session.
  ///
  /// Throws `SpoolError.inUse` if it is there already, whether somebody has it or not.
  package func create(
    _ description: SessionDescription, options: Spool.Options, now: Int64
  ) throws(SpoolError) -> Spool {
    let folder = "\(path)/\(description.sessionId)"
    guard let lock = try make(folder) else { throw .inUse(description.sessionId) }
    let file = "\(folder)/\(DiskFolder.descriptionName)"
    if access(file, F_OK) == 0 {
      close(lock)
      throw .inUse(description.sessionId)
    }
    if access("\(folder)/\(DiskFolder.deliveredName)", F_OK) == 0 { DiskFolder.clear(folder) }
    let json: JSON = ["spool": 1, "createdAt": .integer(now), "session": description.json]
    do {
      try AtomicFile.write(json.serialized() + [0x0A], to: file, mode: 0o600)
    } catch {
      close(lock)
      rmdir(folder)
      throw SpoolError(error)
    }
    return try Spool(folder: DiskFolder(path: folder, lock: lock), description: description, options: options)
  }

  /// Makes a session's folder, and locks it; nil if another process has it.
  ///
  /// Until it is locked it is anybody's: who drains removes an empty one, and who has delivered the device's last session the
  /// device's folder. Each time that happens another process has got on.
  private func make(_ folder: String) throws(SpoolError) -> Int32? {
    for _ in 0..<SpoolFolder.makings {
      do {
        try AtomicFile.makeFolder(path)
      } catch {
        throw SpoolError(error)
      }
      if mkdir(folder, 0o700) != 0 {
        if errno == ENOENT { continue }
        guard errno == EEXIST else { throw SpoolError("creating the folder", folder, errno: errno) }
      }
      switch try lock(folder) {
      case .locked(let descriptor): return descriptor
      case .heldByAnother: return nil
      case .gone: continue
      }
    }
    throw SpoolError("creating the folder", folder, errno: ENOENT)
  }

  /// Opens what an earlier run left of a session; nil if there is nothing.
  package func open(_ id: String, options: Spool.Options) throws(SpoolError) -> Spool? {
    let folder = "\(path)/\(id)"
    let lock: Int32
    switch try self.lock(folder) {
    case .locked(let descriptor): lock = descriptor
    case .heldByAnother: throw .inUse(id)
    case .gone: return nil
    }
    guard let json = readDescription(folder), let member = json["session"],
      let description = SessionDescription(sessionId: id, json: member)
    else {
      // Its making was cut short, and nothing was taken in; or its removing, and all was delivered.
      defer { close(lock) }
      let names = (try? DiskFolder.names(in: folder)) ?? []
      guard
        names.contains(DiskFolder.deliveredName)
          || names.allSatisfy({ SpoolSegment.position(ofName: $0) == nil })
      else {
        throw .failed("reading \(folder)/\(DiskFolder.descriptionName): it describes no session")
      }
      DiskFolder.delete(folder)
      return nil
    }
    return try Spool(folder: DiskFolder(path: folder, lock: lock), description: description, options: options)
  }

  /// The sessions that nobody has at the moment, oldest first.
  package func waiting() -> [Waiting] {
    let ids = ((try? DiskFolder.names(in: path)) ?? []).filter(SessionDescription.isValidId)
    return ids.compactMap { id in
      let folder = "\(path)/\(id)"
      guard case .locked(let lock)? = try? lock(folder, LOCK_SH, attempts: 1) else { return nil }
      defer { close(lock) }
      let description = readDescription(folder)
      return Waiting(
        id: id, createdAt: description?["createdAt"]?.integer ?? 0, isWhole: description?["session"] != nil)
    }.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
  }

  private func readDescription(_ folder: String) -> JSON? {
    guard let bytes = try? AtomicFile.read("\(folder)/\(DiskFolder.descriptionName)", limit: 64 << 10) else {
      return nil
    }
    return try? JSON(parsing: bytes)
  }

  /// The folder's descriptor, locked.
  ///
  /// - Parameter attempts: 10 ms apart: whoever lists the sessions has each of them for a moment.
  private func lock(
    _ folder: String, _ kind: Int32 = LOCK_EX, attempts: Int = attempts
  ) throws(SpoolError) -> Locking {
    let descriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return .gone }
      throw SpoolError("opening", folder, errno: errno)
    }
    var attempts = attempts
    while flock(descriptor, kind | LOCK_NB) != 0 {
      attempts -= 1
      if errno == EINTR || errno == EWOULDBLOCK && attempts > 0 {
        usleep(10_000)
        continue
      }
      let error = errno
      close(descriptor)
      if error == EWOULDBLOCK { return .heldByAnother }
      throw SpoolError("locking", folder, errno: error)
    }
    guard let held = try? FileStatus(descriptor: descriptor), let there = try? FileStatus(path: folder),
      held.identity == there.identity
    else {
      close(descriptor)
      return .gone
    }
    return .locked(descriptor)
  }
}
