import Glibc
import RemoteAgentCore
import RemoteAgentProcess

/// The settings file (0600): an object whose member `credentials` is one of entries by name.
///
/// It is replaced as a whole, and never if it could not be read.
struct CredentialFile: Sendable {
  let path: String
  private let folder: String

  init(_ folder: SettingsFolder) {
    path = folder.configFile
    self.folder = folder.path
  }

  /// The credentials' entries, in order.
  func entries() throws(ClientError) -> [JSON.Member] {
    try Settings(try load(), path: path).credentials
  }

  /// Throws if it can't be read, or could not be replaced.
  func checkWritable() throws(ClientError) {
    _ = try entries()
    try makeFolder()
    guard access(folder, W_OK) == 0 else { throw .cannotCreate(folder, String(cString: strerror(errno))) }
  }

  /// Reads, changes and replaces the file, one process at a time. Settings that aren't credentials stay as they are.
  func change(_ edit: (inout [JSON.Member]) throws(ClientError) -> Void) throws(ClientError) {
    try makeFolder()
    let lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard lock >= 0, flock(lock, LOCK_EX) == 0 else {
      throw .cannotCreate(folder, String(cString: strerror(errno)))
    }
    defer { close(lock) }
    var settings = try Settings(try load(), path: path)
    try edit(&settings.credentials)
    do {
      try AtomicFile.write(settings.json.serialized() + [0x0A], to: path, mode: 0o600)
    } catch {
      throw .cannotCreate(path, "\(error)")
    }
  }

  private func makeFolder() throws(ClientError) {
    do {
      try AtomicFile.makeFolder(folder)
    } catch {
      throw .cannotCreate(folder, "\(error)")
    }
  }

  /// The file's bytes; nil if there is none.
  private func load() throws(ClientError) -> [UInt8]? {
    guard access(path, F_OK) == 0 || errno != ENOENT else { return nil }
    do {
      return try PrivateFile.read(path)
    } catch {
      throw .credential("\(path): \(error)", hint: error.hint)
    }
  }
}

/// What the file says.
private struct Settings {
  private var others: [JSON.Member]
  var credentials: [JSON.Member]

  init(_ bytes: [UInt8]?, path: String) throws(ClientError) {
    guard let bytes else {
      (others, credentials) = ([], [])
      return
    }
    func broken(_ why: String) -> ClientError {
      .credential(
        "\(path): \(why)",
        hint: "it is left as it is: restore it from a backup, or move it away and pair again")
    }
    let json: JSON
    do {
      json = try JSON(parsing: bytes)
    } catch {
      guard let last = bytes.last(where: { $0 > 0x20 }) else { throw broken("it is empty") }
      let isCut = error.offset >= bytes.count || bytes.first == UInt8(ascii: "{") && last != UInt8(ascii: "}")
      throw broken(isCut ? "it is cut short, after \(bytes.count) bytes" : "it is not JSON: \(error)")
    }
    guard let members = json.members else { throw broken("it must hold a JSON object") }
    let found = members.first { $0.name == "credentials" }
    guard let entries = found == nil ? [] : found?.value.members else {
      throw broken("its member credentials must be an object")
    }
    others = members.filter { $0.name != "credentials" }
    credentials = entries
  }

  var json: JSON { .object(others + [.init("credentials", .object(credentials))]) }
}
