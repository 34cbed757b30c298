import Glibc

/// Where a device's settings are kept.
package struct SettingsFolder: Sendable, Equatable {
  package let path: String
  /// Where sessions wait that are not yet delivered: `spool` in `$XDG_STATE_HOME/remote-agent-client`, or in `path` where
  /// that is not in the folder for settings.
  package let spools: String

  package var configFile: String { path + "/config.json" }
  package var keyFile: String { path + "/key" }

  /// `REMOTE_AGENT_CLIENT_HOME`, else `~/.remote-agent-client` if it exists, else
  /// `$XDG_CONFIG_HOME/remote-agent-client`.
  ///
  /// - Parameters:
  ///   - home: the user's home by the password database, for when `HOME` is not set (cron).
  ///   - exists: whether a folder is there.
  package init(
    environment: [String: String], home: String?, exists: (String) -> Bool
  ) throws(SettingsError) {
    spools = try SettingsFolder.spools(environment: environment, home: home, exists: exists)
    if let override = environment["REMOTE_AGENT_CLIENT_HOME"], !override.isEmpty {
      path = override
      return
    }
    let home = SettingsFolder.absolute("HOME", in: environment) ?? home
    if let home, exists(home + "/.remote-agent-client") {
      path = home + "/.remote-agent-client"
    } else if let config = SettingsFolder.absolute("XDG_CONFIG_HOME", in: environment) ?? home.map({ $0 + "/.config" })
    {
      path = config + "/remote-agent-client"
    } else {
      throw SettingsFolder.homeless
    }
  }

  /// `spools` alone, as a device needs it that keeps no settings.
  package static func spools(
    environment: [String: String], home: String?, exists: (String) -> Bool
  ) throws(SettingsError) -> String {
    if let override = environment["REMOTE_AGENT_CLIENT_HOME"], !override.isEmpty { return override + "/spool" }
    let home = absolute("HOME", in: environment) ?? home
    if let home, exists(home + "/.remote-agent-client") { return home + "/.remote-agent-client/spool" }
    guard let state = absolute("XDG_STATE_HOME", in: environment) ?? home.map({ $0 + "/.local/state" }) else {
      throw homeless
    }
    return state + "/remote-agent-client/spool"
  }

  private static let homeless = SettingsError(
    path: "HOME", reason: "it is not set, and the user has no home folder")

  private static func absolute(_ name: String, in environment: [String: String]) -> String? {
    environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil }
  }

  /// The folder for this process.
  package static func ofThisProcess() throws(SettingsError) -> SettingsFolder {
    try SettingsFolder(
      environment: Environment.all, home: Environment.homeByPasswordDatabase,
      exists: { access($0, F_OK) == 0 })
  }

  /// `spools` for this process.
  package static func spoolsOfThisProcess() throws(SettingsError) -> String {
    try spools(
      environment: Environment.all, home: Environment.homeByPasswordDatabase, exists: { access($0, F_OK) == 0 })
  }
}
