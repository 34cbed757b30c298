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
    func absolute(_ name: String) -> String? {
      environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil }
    }
    if let override = environment["REMOTE_AGENT_CLIENT_HOME"], !override.isEmpty {
      path = override
      spools = override + "/spool"
      return
    }
    let home = absolute("HOME") ?? home
    if let home, exists(home + "/.remote-agent-client") {
      path = home + "/.remote-agent-client"
      spools = path + "/spool"
    } else if let config = absolute("XDG_CONFIG_HOME") ?? home.map({ $0 + "/.config" }) {
      path = config + "/remote-agent-client"
      guard let state = absolute("XDG_STATE_HOME") ?? home.map({ $0 + "/.local/state" }) else {
        throw SettingsError(path: "HOME", reason: "it is not set, and the user has no home folder")
      }
      spools = state + "/remote-agent-client/spool"
    } else {
      throw SettingsError(path: "HOME", reason: "it is not set, and the user has no home folder")
    }
  }

  /// The folder for this process.
  package static func ofThisProcess() throws(SettingsError) -> SettingsFolder {
    try SettingsFolder(
      environment: Environment.all, home: Environment.homeByPasswordDatabase,
      exists: { access($0, F_OK) == 0 })
  }
}
