package import RemoteAgentProcess

extension SettingsFolder {
  /// The folder for this process.
  package static func current() throws(ClientError) -> SettingsFolder {
    do {
      return try ofThisProcess()
    } catch {
      throw .configuration(error.path, error.reason)
    }
  }
}
