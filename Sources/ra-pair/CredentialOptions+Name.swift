import ArgumentParser
import RemoteAgentClient
import RemoteAgentOptions

extension CredentialOptions {
  /// In the store.
  var name: String { credential ?? CredentialStore.defaultName }

  func validateName() throws {
    guard Credential.isValidName(name) else {
      throw ValidationError("--credential takes a letter or digit and at most 63 of A-Za-z0-9._-")
    }
  }
}
