import Glibc
package import RemoteAgentCore

/// What a hub may do here, as config.json has it. Nothing else of the file is read: the credentials in it are others'.
package enum PolicyFile {
  private struct Wrong: Error, CustomStringConvertible {
    let description: String
  }

  /// The policy of the settings folder; without a home folder, a file or an `allow` in it, the one that is without any
  /// choice.
  package static func policy(environment: [String: String], home: String?) throws(SettingsError) -> ControlPolicy {
    // Who has no home folder has no settings.
    guard let folder = try? SettingsFolder(environment: environment, home: home, exists: { access($0, F_OK) == 0 })
    else {
      return ControlPolicy()
    }
    return try policy(in: folder)
  }

  /// The policy of one settings folder. The file must be ours and closed to others, as for the credentials, and the
  /// folder must be one in which others can't put another in its place.
  package static func policy(in folder: SettingsFolder) throws(SettingsError) -> ControlPolicy {
    var policy = ControlPolicy()
    let file = folder.configFile
    do {
      try checkFolder(folder.path)
      guard access(file, F_OK) == 0 || errno != ENOENT else { return policy }
      if let allow = try allow(in: try PrivateFile.read(file)) { try policy.apply(settings: allow) }
    } catch {
      throw SettingsError(path: file, reason: "\(error)")
    }
    return policy
  }

  private static func checkFolder(_ path: String) throws {
    var status = stat()
    guard stat(path, &status) == 0 else { return }
    guard status.st_uid == getuid() || status.st_uid == 0, status.st_mode & 0o022 == 0 else {
      throw Wrong(description: "others may write to its folder: chmod go-w \(path)")
    }
  }

  /// The member `allow` of the file's object; nil if there is none.
  static func allow(in file: [UInt8]) throws -> JSON? {
    var found: [Range<Int>] = []
    let isObject = file.withUnsafeBytes { bytes in
      JSONMembers.forEach(in: bytes) { name, range in
        // A name may be written with escapes.
        let unescaped = name.contains("\\") ? (try? JSON(parsing: "\"\(name)\""))?.string : String(name)
        if unescaped == "allow" { found.append(range) }
      }
    }
    guard isObject else { throw Wrong(description: "it must hold a JSON object") }
    guard found.count < 2 else { throw Wrong(description: "allow stands there twice") }
    do {
      return try found.first.map { range throws(JSONError) in try JSON(parsing: file[range]) }
    } catch {
      throw Wrong(description: "allow: \(error.reason)")
    }
  }
}
