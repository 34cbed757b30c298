import Glibc
import Logging
import RemoteAgentCore
import RemoteAgentProcess
import RemoteAgentTLS

/// The device that the hub has for its own machine: a device like others, but that the hub made it and keeps its credential,
/// in `local-device` in its folder (0600).
struct LocalDevice: Sendable, Equatable {
  let clientId: String
  /// The file with its credential bundle.
  let path: String
  /// Whether an `ra-run` of before can go on with it: the hub is where it was.
  let isWhereItWas: Bool

  /// Finds the device of before, or makes one if there is none or it is refused by now.
  ///
  /// - Parameters:
  ///   - hub: the hub's address for this machine.
  ///   - ca: the PEM text to trust; nil for the system's authorities.
  static func prepare(
    in folder: String, store: HubStore, hub: String, ca: String?, now: Int64
  ) async throws(HubError) -> LocalDevice {
    let path = folder + "/local-device"
    do {
      if var known = try read(path), try await isGood(known, in: store, now: now) {
        let isWhereItWas = known.hub == hub && known.ca == ca
        (known.hub, known.ca) = (hub, ca)
        try write(known, to: path)
        try await store.expectChannel(of: known.clientId, now: now)
        return LocalDevice(clientId: known.clientId, path: path, isWhereItWas: isWhereItWas)
      }
      let made = try await make(in: store, hub: hub, ca: ca, now: now)
      try write(made, to: path)
      try await store.expectChannel(of: made.clientId, now: now)
      return LocalDevice(clientId: made.clientId, path: path, isWhereItWas: false)
    } catch let error as FileError {
      throw HubError(error)
    } catch {
      throw .server(reason: "making the hub's own device: \(error)")
    }
  }

  /// Agents are not started on this machine any more: the device of before is one that starts none.
  static func retire(in folder: String, store: HubStore, _ logger: Logger) async {
    do {
      if let known = try read(folder + "/local-device") { try await store.expectNoChannel(of: known.clientId) }
    } catch {
      logger.error("what is asked to be started on the hub's machine waits, though nothing is started there: \(error)")
    }
  }

  private static func make(in store: HubStore, hub: String, ca: String?, now: Int64) async throws -> CredentialBundle {
    let key = try ES256PrivateKey.generate()
    var terms = PairingTerms()
    terms.label = (HubNames.machineName() ?? "localhost") + " (this hub)"
    let code = try await store.createPairingCode(terms, now: now).code
    let pairing = try await store.pair(
      code: code, fingerprint: key.publicKey.thumbprint, label: terms.label ?? "", platform: Platform.name,
      address: nil, version: HubSettings.version, now: now)
    guard let pairing else { throw StoreError.failed("the code was refused") }
    return CredentialBundle(
      hub: hub, ca: ca, pin: nil, clientId: pairing.clientId, label: terms.label ?? "", key: key.rawRepresentation,
      refreshToken: pairing.refreshToken, pairedAt: now)
  }

  /// Nil if there is none, or one that can't be used.
  private static func read(_ path: String) throws(FileError) -> CredentialBundle? {
    let text: [UInt8]
    do throws(FileError) {
      text = try AtomicFile.read(path, limit: CredentialBundle.limit)
    } catch {
      if error.errno == ENOENT { return nil }
      throw error
    }
    return try? CredentialBundle(text)
  }

  private static func write(_ bundle: CredentialBundle, to path: String) throws(FileError) {
    try AtomicFile.write(Array(bundle.text.utf8) + [UInt8(ascii: "\n")], to: path, mode: 0o600)
  }

  private static func isGood(_ bundle: CredentialBundle, in store: HubStore, now: Int64) async throws -> Bool {
    guard let key = try? ES256PrivateKey(rawRepresentation: bundle.key) else { return false }
    let verdict = try await store.verify(
      token: bundle.refreshToken, kind: .refresh, fingerprint: key.publicKey.thumbprint, now: now)
    guard case .valid(bundle.clientId, _) = verdict else { return false }
    return true
  }
}
