import ArgumentParser
import RemoteAgentClient
import RemoteAgentCore
import RemoteAgentProcess

extension StoreChoice: ExpressibleByArgument {}

/// Where ra-pair keeps the credential's secrets, and with what they are opened.
struct StoreOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where the secrets are kept: keychain, file, or auto, the keychain if it works without asking.",
      valueName: "where"))
  var store: StoreChoice?

  @Flag(help: "With --store file: seal with a passphrase too, and ask for it.")
  var passphrase = false

  @Option(
    help: ArgumentHelp("The passphrase is the one line of this private file; not asked for then.", valueName: "file"))
  var passphraseFile: String?

  /// - Parameters:
  ///   - stores: whether a credential is put into the store.
  ///   - reads: whether one is taken from it.
  func validate(stores: Bool, reads: Bool) throws {
    if !stores, store != nil || passphrase {
      throw ValidationError("--store and --passphrase are for pairing")
    }
    if !reads, passphrase || passphraseFile != nil, store != .file {
      throw ValidationError("a passphrase is for --store file")
    }
  }

  var source: PassphraseSource { passphraseFile.map { .file($0) } ?? .terminal }

  func apply(to store: inout CredentialStore) {
    store.choice = self.store ?? .auto
    store.passphrase = source
    store.sealsWithPassphrase = passphrase || passphraseFile != nil
  }

  /// Says where the secrets went, and what that means.
  func tell(_ place: CredentialStore.Place, _ store: CredentialStore, _ diagnostics: Diagnostics) {
    switch place.kind {
    case .keychain:
      diagnostics.note("the secrets are in the keyring (\(store.keyringName))")
      diagnostics.warning(
        "the keyring can't be read before you log in: where ra-tunnel runs without (cron, services), use --store file")
    case .file:
      let why = place.why.map { " (\($0))" } ?? ""
      diagnostics.note("the secrets are sealed in \(store.folder.configFile)\(why)")
    }
    if let left = place.left {
      diagnostics.warning("the secrets of the credential that this one replaces are still in the keyring: \(left)")
    }
  }
}
