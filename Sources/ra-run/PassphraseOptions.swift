import ArgumentParser
import RemoteAgentProcess

/// Where ra-tunnel gets the passphrase of its credential, if that has one.
///
/// ra-tunnel itself must not ask: ra-spawn may be reading the same terminal, and would send the agent what is typed.
struct PassphraseOptions: ParsableArguments {
  @Flag(help: "Ask for the credential's passphrase, before anything is started.")
  var passphrase = false

  @Option(help: ArgumentHelp("As in ra-tunnel.", valueName: "file"))
  var passphraseFile: String?

  func validate() throws {
    if passphrase, passphraseFile != nil {
      throw ValidationError("--passphrase and --passphrase-file exclude each other")
    }
  }

  /// What ra-tunnel is told where no descriptor gives it one.
  var askWords: [String] { passphraseFile == nil && !passphrase ? ["--no-ask"] : [] }

  /// Asks, if that is wanted.
  func asked() throws(Failure) -> [UInt8]? {
    guard passphrase else { return nil }
    do {
      return try TerminalPrompt.askSecret("passphrase of the credential: ")
    } catch {
      throw Failure(description: "asking for the passphrase: \(error)")
    }
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }
}
