import ArgumentParser
import RemoteAgentCore

/// Which credential the tunnel uses; none of these: `RA_CREDENTIAL`, and without it the store.
struct CredentialOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Which credential to use.", valueName: "name"))
  var credential: String?

  @Option(help: ArgumentHelp("As in ra-tunnel.", valueName: "file"))
  var credentialFile: String?

  @Option(help: ArgumentHelp("As in ra-tunnel.", valueName: "fd"))
  var credentialFd: Int32?

  func validate() throws {
    do {
      _ = try source(hasVariable: false)
    } catch {
      throw ValidationError("\(error)")
    }
  }

  func source(hasVariable: Bool) throws(CredentialSource.Misuse) -> CredentialSource {
    try CredentialSource(
      name: credential, file: credentialFile, descriptor: credentialFd, hasVariable: hasVariable)
  }
}
