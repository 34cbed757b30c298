package import RemoteAgentCore

/// The agents that are known here: the built-in ones, and what `agents` of config.json has in place of them or beside them.
package enum AgentsFile {
  /// The profiles by the settings folder; without a home folder, a file or an `agents` in it, the built-in ones.
  package static func profiles(environment: [String: String], home: String?) throws(SettingsError) -> AgentProfiles {
    var profiles = AgentProfiles.builtIn
    try SettingsFile.read("agents", environment: environment, home: home) { try profiles.apply(settings: $0) }
    return profiles
  }

  /// The profiles by one settings folder.
  package static func profiles(in folder: SettingsFolder) throws(SettingsError) -> AgentProfiles {
    var profiles = AgentProfiles.builtIn
    try SettingsFile.read("agents", in: folder) { try profiles.apply(settings: $0) }
    return profiles
  }
}
