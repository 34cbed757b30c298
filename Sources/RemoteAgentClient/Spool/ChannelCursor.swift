import Glibc
import RemoteAgentCore
import RemoteAgentProcess

/// The number of the device channel's newest control that came out: one file a paired device, beside its spools, locked as long
/// as this object lives.
///
/// It is replaced whole and flushed each time, so that after a crash or a loss of power it says what was noted last.
package final class ChannelCursor {
  // No session has a name that begins with a dot.
  private static let name = ".device-channel"
  private static let lockName = ".device-channel.lock"
  /// How often the folder is made, without a pause: who delivers the device's last session removes it.
  private static let makings = 5_000
  /// As messages name it.
  package static let what = "the device channel"

  private let path: String
  private let lock: Int32
  /// All up to it came out; 0 for a device that never had a control.
  package private(set) var cursor: Int64

  /// Locks it and reads it.
  ///
  /// Throws `cannotCreate` if another process has it or the folder can't be made, `configuration` if what stands in the file is
  /// no cursor: without it a control might be carried out twice.
  package init(_ folder: SpoolFolder) throws(ClientError) {
    path = "\(folder.path)/\(ChannelCursor.name)"
    lock = try ChannelCursor.lock(folder.path)
    do throws(ClientError) {
      cursor = try ChannelCursor.read(path)
    } catch {
      close(lock)
      throw error
    }
    // What a process left that was killed while it wrote.
    for name in (try? DiskFolder.names(in: folder.path)) ?? []
    where name.hasPrefix(ChannelCursor.name + ".") && name != ChannelCursor.lockName {
      unlink("\(folder.path)/\(name)")
    }
  }

  deinit { close(lock) }

  /// Whether it is of that file that an error tells.
  package static func isFile(_ path: String) -> Bool { path.hasSuffix("/" + name) }

  /// On the disk when it returns. Throws `SpoolError.noRoom` if that may be tried again.
  package func note(_ cursor: Int64) throws(SpoolError) {
    let json: JSON = ["deviceChannel": 1, "controlCursor": .integer(cursor)]
    do throws(FileError) {
      try AtomicFile.write(json.serialized() + [UInt8(ascii: "\n")], to: path, mode: 0o600)
    } catch {
      throw SpoolError(error)
    }
    self.cursor = cursor
  }

  private static func lock(_ folder: String) throws(ClientError) -> Int32 {
    let path = "\(folder)/\(lockName)"
    for _ in 0..<makings {
      do throws(FileError) {
        try AtomicFile.makeFolder(folder)
      } catch {
        throw .cannotCreate(what, "\(error)")
      }
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
      if descriptor < 0, errno == ENOENT { continue }
      guard descriptor >= 0 else { throw cannotCreate("creating", path) }
      while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
        if errno == EINTR { continue }
        let isHeld = errno == EWOULDBLOCK
        let failure = cannotCreate("locking", path)
        close(descriptor)
        throw isHeld ? .cannotCreate(what, "another ra-tunnel of this device has it") : failure
      }
      return descriptor
    }
    errno = ENOENT
    throw cannotCreate("creating", path)
  }

  private static func cannotCreate(_ tried: String, _ path: String) -> ClientError {
    .cannotCreate(what, "\(FileError(path: path, tried: tried, errno: errno))")
  }

  private static func read(_ path: String) throws(ClientError) -> Int64 {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try AtomicFile.read(path, limit: 4 << 10)
    } catch {
      if error.errno == ENOENT { return 0 }
      throw .configuration(path, "\(error.tried): \(String(cString: strerror(error.errno)))")
    }
    guard let json = try? JSON(parsing: bytes), json["deviceChannel"] == 1, let cursor = json["controlCursor"]?.integer,
      cursor >= 0, cursor < 1 << 53
    else { throw .configuration(path, "it is damaged: it says no number of a control") }
    return cursor
  }
}
