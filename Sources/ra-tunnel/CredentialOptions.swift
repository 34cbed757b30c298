import ArgumentParser
import RemoteAgentCore

/// Which credential ra-tunnel uses; none of these: `RA_CREDENTIAL`, and without it the store.
struct CredentialOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The credential to use.", valueName: "name"))
  var credential: String?

  @Option(help: ArgumentHelp("The credential in a file, as `ra-pair --export` writes it.", valueName: "file"))
  var credentialFile: String?

  @Option(help: ArgumentHelp("The same from an open descriptor.", valueName: "fd"))
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
