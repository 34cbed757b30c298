import ArgumentParser
import Glibc
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

  /// What the plan's ra-tunnel is told before anybody is asked.
  func nameFile(in plan: inout RunPlan) {
    plan.nameFile(passphraseFile, by: "--passphrase-file")
    if passphraseFile == nil, !passphrase { plan.tunnelOptions.append("--no-ask") }
  }

  /// Asks, if that is wanted, and has the plan's ra-tunnel read the answer from a pipe.
  func ask(for plan: inout RunPlan) throws(Failure) {
    guard passphrase else { return }
    do {
      var typed = try TerminalPrompt.askSecret("passphrase of the credential: ")
      defer { explicit_bzero(&typed, typed.count) }
      // It fits into the pipe.
      let pipe = try Descriptor.pipe()
      let written = typed.withUnsafeBytes { Descriptor.write($0, to: pipe.writing) }
      close(pipe.writing)
      guard written == .bytes(typed.count) else { throw ProcessError(tried: "passing it on", errno: EIO) }
      plan.pass(pipe.reading) { "--passphrase-file=/dev/fd/\($0)" }
    } catch {
      throw Failure(description: "asking for the passphrase: \(error)")
    }
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }
}
