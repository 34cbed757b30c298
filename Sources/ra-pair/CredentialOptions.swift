import ArgumentParser
import RemoteAgentClient
import RemoteAgentCore

/// Which credential ra-pair works on; none of these: `RA_CREDENTIAL`, and without it the store.
struct CredentialOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Which credential, for more than one.", valueName: "name"))
  var credential: String?

  @Option(
    help: ArgumentHelp("Not one kept here, but that in a file, as --export writes it.", valueName: "file")
  )
  var credentialFile: String?

  @Option(help: ArgumentHelp("The same from an open descriptor.", valueName: "fd"))
  var credentialFd: Int32?

  func validate() throws {
    do {
      _ = try source(hasVariable: false)
    } catch {
      throw ValidationError("\(error)")
    }
    guard Credential.isValidName(name) else {
      throw ValidationError("--credential takes a letter or digit and at most 63 of A-Za-z0-9._-")
    }
  }

  /// In the store.
  var name: String { credential ?? CredentialStore.defaultName }

  func source(hasVariable: Bool) throws(CredentialSource.Misuse) -> CredentialSource {
    try CredentialSource(
      name: credential, file: credentialFile, descriptor: credentialFd, hasVariable: hasVariable)
  }
}
