import ArgumentParser
import RemoteAgentClient

/// Where ra-tunnel gets the passphrase of a credential that is sealed with one.
struct PassphraseOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The credential's passphrase, if it has one: a private file of one line; asked for by default.", valueName: "file"
    ))
  var passphraseFile: String?

  @Flag(help: "Ask for no passphrase at the terminal: fail where one is needed.")
  var noAsk = false

  var source: PassphraseSource { passphraseFile.map { .file($0) } ?? (noAsk ? .none : .terminal) }
}
