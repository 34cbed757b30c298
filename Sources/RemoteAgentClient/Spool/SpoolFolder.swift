import Glibc
package import RemoteAgentCore
import RemoteAgentProcess

/// Where a device's spools are: one folder a paired device, in it one a session.
package struct SpoolFolder: Sendable {
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

  /// A session that earlier runs left.
  package struct Waiting: Sendable {
    package let id: String
    package let createdAt: Int64
  }

  /// Makes the spool of a new session.
  ///
  /// Throws `SpoolError.inUse` if it is there already, whether somebody has it or not.
  package func create(
    _ description: SessionDescription, options: Spool.Options, now: Int64
  ) throws(SpoolError) -> Spool {
    let folder = "\(path)/\(description.sessionId)"
    do {
      try AtomicFile.makeFolder(path)
    } catch {
      throw SpoolError(error)
    }
    guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
      throw SpoolError("creating the folder", folder, errno: errno)
    }
    guard let lock = try lock(folder) else { throw .inUse(description.sessionId) }
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

  /// Opens what an earlier run left of a session; nil if there is nothing.
  package func open(_ id: String, options: Spool.Options) throws(SpoolError) -> Spool? {
    let folder = "\(path)/\(id)"
    guard access(folder, F_OK) == 0 else { return nil }
    guard let lock = try lock(folder) else { throw .inUse(id) }
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
      guard let lock = try? lock(folder, LOCK_SH, attempts: 1) else { return nil }
      defer { close(lock) }
      return Waiting(id: id, createdAt: readDescription(folder)?["createdAt"]?.integer ?? 0)
    }.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
  }

  private func readDescription(_ folder: String) -> JSON? {
    guard let bytes = try? AtomicFile.read("\(folder)/\(DiskFolder.descriptionName)", limit: 64 << 10) else {
      return nil
    }
    return try? JSON(parsing: bytes)
  }

  /// The folder's descriptor, locked; nil if another process has the lock, or the folder was removed meanwhile.
  ///
  /// - Parameter attempts: 10 ms apart: whoever lists the sessions has each of them for a moment.
  private func lock(
    _ folder: String, _ kind: Int32 = LOCK_EX, attempts: Int = 50
  ) throws(SpoolError) -> Int32? {
    let descriptor = try DiskFolder.open(folder, O_RDONLY | O_DIRECTORY)
    var attempts = attempts
    while flock(descriptor, kind | LOCK_NB) != 0 {
      attempts -= 1
      if errno == EINTR || errno == EWOULDBLOCK && attempts > 0 {
        usleep(10_000)
        continue
      }
      let error = errno
      close(descriptor)
      if error == EWOULDBLOCK { return nil }
      throw SpoolError("locking", folder, errno: error)
    }
    guard let held = try? FileStatus(descriptor: descriptor), let there = try? FileStatus(path: folder),
      held.identity == there.identity
    else {
      close(descriptor)
      return nil
    }
    return descriptor
  }
}
