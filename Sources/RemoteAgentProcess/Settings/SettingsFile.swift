import Glibc
import RemoteAgentCore

/// config.json, of which each reader looks at one member and at nothing else: the credentials in it are others'.
enum SettingsFile {
  /// Has `body` read the member of that name; it isn't called without a home folder, a file or such a member.
  ///
  /// - Parameters:
  ///   - environment: names the folder (`SettingsFolder`).
  ///   - home: the user's home by the password database.
  static func read(
    _ member: String, environment: [String: String], home: String?, _ body: (JSON) throws -> Void
  ) throws(SettingsError) {
    // Who has no home folder has no settings.
    guard let folder = try? SettingsFolder(environment: environment, home: home, exists: { access($0, F_OK) == 0 })
    else {
      return
    }
    try read(member, in: folder, body)
  }

  /// The same of one settings folder. The file must be ours and closed to others, as for the credentials, and the folder
  /// must be one in which others can't put another in its place.
  static func read(
    _ member: String, in folder: SettingsFolder, _ body: (JSON) throws -> Void
  ) throws(SettingsError) {
    let file = folder.configFile
    do {
      try checkFolder(folder.path)
      guard access(file, F_OK) == 0 || errno != ENOENT else { return }
      if let value = try self.member(member, of: try PrivateFile.read(file)) { try body(value) }
    } catch {
      throw SettingsError(path: file, reason: "\(error)", hint: (error as? PrivateFile.Refusal)?.hint)
    }
  }

  private static func checkFolder(_ path: String) throws {
    guard let status = try? FileStatus(path: path) else { return }
    guard status.owner == getuid() || status.owner == 0, status.permissions & 0o022 == 0 else {
      throw PrivateFile.Refusal(description: "others may write to its folder", hint: "chmod go-w \(path)")
    }
  }

  /// Whether a name that is not the wanted one was meant for it: in another case, or longer, or shorter by an end.
  private static func isMistaken(_ name: Substring, for wanted: String) -> Bool {
    let name = name.lowercased()
    return name.hasPrefix(wanted) || name.utf8.count >= wanted.utf8.count - 1 && wanted.hasPrefix(name)
  }

  /// A member of the file's object; nil if there is none.
  private static func member(_ wanted: String, of file: [UInt8]) throws -> JSON? {
    var found: [Range<Int>] = []
    var mistaken: String?
    let isObject = file.withUnsafeBytes { bytes in
      JSONMembers.forEach(in: bytes) { name, range in
        // A name may be written with escapes.
        let unescaped = name.contains("\\") ? (try? JSON(parsing: "\"\(name)\""))?.string : String(name)
        if unescaped == wanted { found.append(range) } else if isMistaken(name, for: wanted) { mistaken = String(name) }
      }
    }
    guard isObject else { throw PrivateFile.Refusal(description: "it must hold a JSON object") }
    // Passed over, one that was to forbid something would forbid nothing.
    if let mistaken {
      throw PrivateFile.Refusal(description: "\(mistaken): there is no such member; there is \(wanted)")
    }
    guard found.count < 2 else { throw PrivateFile.Refusal(description: "\(wanted) stands there twice") }
    do {
      return try found.first.map { range throws(JSONError) in try JSON(parsing: file[range]) }
    } catch {
      throw PrivateFile.Refusal(description: "\(wanted): \(error.reason)")
    }
  }
}
