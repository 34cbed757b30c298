import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import RemoteAgentTLS

/// Where a credential's secrets go.
extension CredentialStore {
  /// All that can be seen to before a hub is asked for a credential: a code is good only once.
  package struct Preparation: Sendable {
    fileprivate let kind: StoreKind
    /// With what the file is sealed besides.
    fileprivate let passphrase: [UInt8]?
    /// Why `auto` did not take the keyring.
    fileprivate let why: KeyringFailure?
  }

  /// Where the secrets went.
  package struct Place: Sendable, Equatable {
    package let kind: StoreKind
    /// Why `auto` did not take the keyring.
    package let why: KeyringFailure?
    /// What became of the secrets of a credential that this one replaces, if they could not be removed from the keyring.
    package let left: KeyringFailure?

    package init(kind: StoreKind, why: KeyringFailure?, left: KeyringFailure?) {
      self.kind = kind
      self.why = why
      self.left = left
    }
  }

  /// Throws what would keep a credential from being saved; asks for the new passphrase, if there is to be one.
  package func prepare(named name: String) throws(ClientError) -> Preparation {
    try file.checkWritable()
    var why: KeyringFailure?
    if choice != .file {
      do {
        try keyring.probe()
        return Preparation(kind: .keychain, passphrase: nil, why: nil)
      } catch {
        guard choice == .auto else { throw ClientError("storing the credential \(name)", error) }
        why = error
      }
    }
    return Preparation(
      kind: .file, passphrase: sealsWithPassphrase ? try passphrase.read(for: name, isNew: true) : nil, why: why)
  }

  /// Adds or replaces the credential of that name.
  @discardableResult
  package func save(_ credential: Credential, named name: String) throws(ClientError) -> Place {
    try save(credential, named: name, as: try prepare(named: name))
  }

  /// The same, as it was prepared.
  @discardableResult
  package func save(
    _ credential: Credential, named name: String, as prepared: Preparation
  ) throws(ClientError) -> Place {
    let item = KeyringItem(hub: credential.hub.description, clientId: credential.clientId)
    var secrets = CredentialStore.secrets(of: credential)
    defer { explicit_bzero(&secrets, secrets.count) }
    var kind = prepared.kind
    var why = prepared.why
    if kind == .keychain {
      do {
        try put(secrets, in: item)
      } catch {
        guard choice == .auto else { throw ClientError("storing the credential \(name)", error) }
        (kind, why) = (.file, error)
      }
    }
    var entry = CredentialStore.entry(of: credential)
    entry.append(.init("store", .string(kind.rawValue)))
    var replaced: KeyringItem?
    do {
      try file.change { (members: inout [JSON.Member]) throws(ClientError) in
        // Under the file's lock: of two that need a key file, one makes it.
        if kind == .file {
          let context = CredentialStore.context(name: name, hub: item.hub, clientId: item.clientId)
          entry.append(.init("sealed", try seal.seal(secrets, context: context, passphrase: prepared.passphrase)))
        }
        replaced = CredentialStore.item(of: members.first { $0.name == name }?.value)
        members.removeAll { $0.name == name }
        members.append(.init(name, .object(entry)))
      }
    } catch {
      // What no entry leads to would stay for ever.
      if kind == .keychain { try? keyring.remove(item) }
      throw error
    }
    return Place(kind: kind, why: why, left: forget(replaced, unless: kind == .keychain ? item : nil))
  }

  /// Stores and reads back: what a keyring took it may still not give.
  private func put(_ secrets: [UInt8], in item: KeyringItem) throws(KeyringFailure) {
    try keyring.store(secrets, in: item)
    do throws(KeyringFailure) {
      var stored = try keyring.secret(of: item)
      defer { explicit_bzero(&stored, stored.count) }
      guard constantTimeEquals(stored, secrets) else { throw .failed("it gives back something else than it was given") }
    } catch {
      try? keyring.remove(item)
      throw error == .notFound ? .failed("it took the secrets and does not have them") : error
    }
  }

  private func forget(_ replaced: KeyringItem?, unless current: KeyringItem?) -> KeyringFailure? {
    guard let replaced, replaced != current else { return nil }
    do {
      try keyring.remove(replaced)
      return nil
    } catch {
      return error == .notFound ? nil : error
    }
  }

  private static func secrets(of credential: Credential) -> [UInt8] {
    let secrets: JSON = [
      "privateKey": .string(Base64.encode(credential.key.rawRepresentation)),
      "refreshToken": .string(credential.refreshToken),
    ]
    return secrets.serialized()
  }

  private static func entry(of credential: Credential) -> [JSON.Member] {
    var entry: [JSON.Member] = [.init("hub", .string(credential.hub.description))]
    if let ca = credential.ca { entry.append(.init("ca", .string(ca))) }
    if let pins = credential.pins { entry.append(.init("pin", .string(pins.description))) }
    return entry + [
      .init("clientId", .string(credential.clientId)), .init("label", .string(credential.label)),
      .init("pairedAt", .integer(credential.pairedAt)),
    ]
  }
}
