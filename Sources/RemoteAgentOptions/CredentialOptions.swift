package import ArgumentParser
package import RemoteAgentCore

/// Which credential a program uses; none of these: `RA_CREDENTIAL`, and without it the store.
package struct CredentialOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Which credential, for more than one.", valueName: "name"))
  package var credential: String?

  @Option(help: ArgumentHelp("The credential in a file, as `ra-pair --export` writes it.", valueName: "file"))
  package var credentialFile: String?

  @Option(help: ArgumentHelp("The same from an open descriptor.", valueName: "fd"))
  package var credentialFd: Int32?

  package init() {}

  package func validate() throws {
    do {
      _ = try source(hasVariable: false)
    } catch {
      throw ValidationError("\(error)")
    }
  }

  /// - Parameter hasVariable: whether the environment has `RA_CREDENTIAL`.
  package func source(hasVariable: Bool) throws(CredentialSource.Misuse) -> CredentialSource {
    try CredentialSource(
      name: credential, file: credentialFile, descriptor: credentialFd, hasVariable: hasVariable)
  }
}
