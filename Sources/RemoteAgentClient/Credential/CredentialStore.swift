import Glibc
import RemoteAgentCore
package import RemoteAgentProcess
import RemoteAgentTLS

/// The device's credentials by name: what is no secret in one settings file, the secrets sealed beside it or in the keyring.
package struct CredentialStore: Sendable {
  package static let defaultName = "default"

  package let folder: SettingsFolder
  /// Where `save` puts the secrets.
  package var choice: StoreChoice = .file
  /// Who is asked for a passphrase.
  package var passphrase: PassphraseSource = .none
  /// Whether `save` seals with a passphrase, where it seals.
  package var sealsWithPassphrase = false
  let keyring: any Keyring
  /// What messages call the keyring.
  package var keyringName: String { keyring.name }
  let seal: Seal
  var file: CredentialFile { CredentialFile(folder) }

  /// - Parameters:
  ///   - keyring: nil: the system's.
  package init(folder: SettingsFolder, machineID: String = "/etc/machine-id", keyring: (any Keyring)? = nil) {
    self.folder = folder
    self.keyring = keyring ?? CredentialStore.systemKeyring
    seal = Seal(machineID: machineID, keyFile: folder.keyFile)
  }

  private static var systemKeyring: any Keyring {
    #if canImport(Security)
      Keychain()
    #else
      SecretService(bus: .current())
    #endif
  }

  /// What a credential's entry shows without opening it.
  package struct Summary: Sendable, Equatable {
    package let name: String
    package let hub: String
    package let clientId: String
    package let label: String
    package let pairedAt: Int64
    /// Where its secrets are; nil if this version does not know it.
    package let store: StoreKind?
    /// What the seal's key is made from; empty for the keyring.
    package let sealedWith: String
    package let hasPassphrase: Bool
  }

  /// The names and places of all credentials.
  package func summaries() throws(ClientError) -> [Summary] {
    try file.entries().map { member in
      let entry = member.value
      return Summary(
        name: member.name, hub: entry["hub"]?.string ?? "", clientId: entry["clientId"]?.string ?? "",
        label: entry["label"]?.string ?? "", pairedAt: entry["pairedAt"]?.integer ?? 0,
        store: CredentialStore.kind(of: entry), sealedWith: entry["sealed"]?["key"]?.string ?? "",
        hasPassphrase: entry["sealed"]?["passphrase"] != nil)
    }
  }

  /// The credential of that name; `notPaired` if there is none.
  package func credential(named name: String) throws(ClientError) -> Credential {
    guard let entry = try file.entries().first(where: { $0.name == name })?.value else {
      throw .notPaired(
        name == CredentialStore.defaultName
          ? "this device is not paired" : "this device has no credential named \(name)")
    }
    guard let hub = entry["hub"]?.string, let clientId = entry["clientId"]?.string else {
      throw .configuration(folder.configFile, "the credential \(name) is incomplete")
    }
    var bytes = try secrets(of: entry, name: name, hub: hub, clientId: clientId)
    defer { explicit_bzero(&bytes, bytes.count) }
    guard let secrets = try? JSON(parsing: bytes), let raw = secrets["privateKey"]?.string.flatMap(Base64.decode),
      let key = try? ES256PrivateKey(rawRepresentation: raw), let refreshToken = secrets["refreshToken"]?.string
    else { throw .configuration(folder.configFile, "the credential \(name): its secrets are not a device's") }
    var pins: PinSet?
    if let text = entry["pin"]?.string {
      do {
        pins = try PinSet(text)
      } catch {
        throw .configuration(folder.configFile, "the credential \(name): \(error)")
      }
    }
    return Credential(
      hub: try HubURL(hub), ca: entry["ca"]?.string, pins: pins, clientId: clientId,
      label: entry["label"]?.string ?? "", key: key,
      refreshToken: refreshToken, pairedAt: entry["pairedAt"]?.integer ?? 0)
  }

  /// Removes the credential of that name, if there is one, and its secrets from the keyring.
  package func remove(named name: String) throws(ClientError) {
    if let entry = try file.entries().first(where: { $0.name == name })?.value,
      let item = CredentialStore.item(of: entry)
    {
      do {
        try keyring.remove(item)
      } catch {
        guard error == .notFound else { throw ClientError("removing the credential \(name)", error) }
      }
    }
    try file.change { (members: inout [JSON.Member]) throws(ClientError) in members.removeAll { $0.name == name } }
  }

  private func secrets(
    of entry: JSON, name: String, hub: String, clientId: String
  ) throws(ClientError) -> [UInt8] {
    switch CredentialStore.kind(of: entry) {
    case .keychain:
      do {
        return try keyring.secret(of: KeyringItem(hub: hub, clientId: clientId))
      } catch {
        throw ClientError("reading the credential \(name)", error)
      }
    case .file:
      guard let sealed = entry["sealed"] else {
        throw .configuration(folder.configFile, "the credential \(name) is incomplete")
      }
      do {
        return try seal.open(sealed, context: CredentialStore.context(name: name, hub: hub, clientId: clientId)) {
          () throws(ClientError) in try passphrase.read(for: name, isNew: false)
        }
      } catch {
        guard case .credential(let why, let hint) = error else { throw error }
        throw .credential("\(folder.configFile): the credential \(name): \(why)", hint: hint)
      }
    case nil:
      throw .credential(
        "\(folder.configFile): the credential \(name): this version does not know its store",
        hint: "use the version that made it, or pair again")
    }
  }

  /// So that a box can't be moved under another name, hub or device.
  static func context(name: String, hub: String, clientId: String) -> String { "\(name)\n\(hub)\n\(clientId)" }

  /// Entries of the first version have no `store`.
  private static func kind(of entry: JSON) -> StoreKind? {
    guard let store = entry["store"] else { return .file }
    return store.string.flatMap(StoreKind.init)
  }

  /// The keyring's item of an entry whose secrets are there.
  static func item(of entry: JSON?) -> KeyringItem? {
    guard let entry, kind(of: entry) == .keychain, let hub = entry["hub"]?.string,
      let clientId = entry["clientId"]?.string
    else { return nil }
    return KeyringItem(hub: hub, clientId: clientId)
  }
}
