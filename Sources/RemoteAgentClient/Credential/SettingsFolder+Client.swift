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

  /// `spools` for this process.
  package static func currentSpools() throws(ClientError) -> String {
    do {
      return try spoolsOfThisProcess()
    } catch {
      throw .configuration(error.path, error.reason)
    }
  }
}
