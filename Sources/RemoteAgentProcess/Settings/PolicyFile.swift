package import RemoteAgentCore

/// What a hub may do here, as `allow` of config.json has it.
package enum PolicyFile {
  /// The policy of the settings folder; without a home folder, a file or an `allow` in it, the one that is without any
  /// choice.
  package static func policy(environment: [String: String], home: String?) throws(SettingsError) -> ControlPolicy {
    var policy = ControlPolicy()
    try SettingsFile.read("allow", environment: environment, home: home) { try policy.apply(settings: $0) }
    return policy
  }

  /// The policy of one settings folder.
  package static func policy(in folder: SettingsFolder) throws(SettingsError) -> ControlPolicy {
    var policy = ControlPolicy()
    try SettingsFile.read("allow", in: folder) { try policy.apply(settings: $0) }
    return policy
  }
}
