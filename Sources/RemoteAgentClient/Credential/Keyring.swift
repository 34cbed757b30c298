/// The system's own store for a user's secrets.
package protocol Keyring: Sendable {
  /// What messages call it.
  var name: String { get }
  /// Throws unless a secret could be stored now, without asking the user.
  func probe() throws(KeyringFailure)
  /// Stores, replacing what the item had.
  func store(_ secret: [UInt8], in item: KeyringItem) throws(KeyringFailure)
  func secret(of item: KeyringItem) throws(KeyringFailure) -> [UInt8]
  func remove(_ item: KeyringItem) throws(KeyringFailure)
}

/// By what a keyring finds a credential's secrets again: nothing of it is secret.
package struct KeyringItem: Sendable, Hashable {
  package let hub: String
  package let clientId: String

  package init(hub: String, clientId: String) {
    self.hub = hub
    self.clientId = clientId
  }

  /// What the keyring's own programs show.
  package var label: String { "remote-agent: \(hub)" }
}

/// Why a keyring did not do what was asked. It never asks the user for something on our account.
package enum KeyringFailure: Error, Sendable, Equatable, CustomStringConvertible {
  case notFound
  case locked
  /// There is no collection that things go to by default.
  case noDefault
  case noLibrary
  /// The user has no session bus: where it was looked for.
  case noBus(String)
  case noService
  case tooLate(milliseconds: Int64)
  case failed(String)

  package var description: String {
    switch self {
    case .notFound: "the keyring no longer has it"
    case .locked: "the keyring is locked"
    case .noDefault: "the keyring has no default collection"
    case .noLibrary: "there is no keyring: libsecret is not installed"
    case .noBus(let place): "there is no keyring: no session bus at \(place)"
    case .noService: "there is no keyring: nobody on the session bus is a Secret Service"
    case .tooLate(let milliseconds): "the keyring gave no answer within \(milliseconds / 1000) s"
    case .failed(let why): "the keyring: \(why)"
    }
  }

  /// What to do.
  package var hint: String {
    let file = "where nobody logs in (cron, services), pair with --store file"
    return switch self {
    case .notFound: "pair again: `ra-pair --hub URL CODE`"
    case .locked: "unlock it, as logging in to the desktop does; \(file)"
    case .noDefault: "log in to the desktop once, which makes one; \(file)"
    case .noLibrary: "install it (Debian: libsecret-1-0); or pair with --store file"
    case .noBus: "log in, which starts one; \(file)"
    case .noService: "start gnome-keyring, KWallet or KeePassXC; \(file)"
    case .tooLate: "perhaps it waits for somebody to answer a question; \(file)"
    case .failed: "what it has is left as it is; \(file)"
    }
  }
}

extension ClientError {
  /// - Parameter tried: what was tried with the keyring.
  init(_ tried: String, _ failure: KeyringFailure) {
    self =
      failure == .notFound
      ? .notPaired("\(tried): \(failure)") : .credential("\(tried): \(failure)", hint: failure.hint)
  }
}
