import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import RemoteAgentTLS

/// Seals a credential's secrets for this machine and user: AES-256-GCM under a key from HKDF-SHA-256 over the machine-id
/// and the user's number, or over a random key file where there is no machine-id; and over a passphrase, if there is one.
///
/// What it stops: the file alone (a backup, a synced or copied dot folder, a leaked disk image of one home) is of no use
/// elsewhere. What it doesn't stop without a passphrase: whoever can run programs as this user, or read both the file and
/// the machine-id.
struct Seal: Sendable {
  enum Source: String, Sendable {
    case machineID = "machine-id"
    case keyFile = "key-file"
  }

  /// The file that holds the machine's id.
  private let machineID: String
  /// Where the random key is kept where there is none.
  private let keyFile: String
  private let user: uid_t

  private static let info = "remote-agent-client credential v1"
  private static let saltLength = 16

  init(machineID: String = "/etc/machine-id", keyFile: String, user: uid_t = getuid()) {
    self.machineID = machineID
    self.keyFile = keyFile
    self.user = user
  }

  /// Seals `secrets`; `context` must be the same when it is opened. Makes the key file (0600) if one is needed.
  func seal(_ secrets: [UInt8], context: String, passphrase: [UInt8]?) throws(ClientError) -> JSON {
    let (source, base) = try newBase()
    let salt = SecureRandom.bytes(Seal.saltLength)
    let nonce = SecureRandom.bytes(12)
    do {
      let lock = try passphrase.map { (passphrase) throws(CryptoError) in try PassphraseLock(new: passphrase) }
      let key = key(base: base, source: source, lock: lock, salt: salt)
      let box = try AES256GCM.seal(secrets, key: key, nonce: nonce, additionalData: Array(context.utf8))
      var members: [JSON.Member] = [
        .init("key", .string(source.rawValue)), .init("salt", .string(Base64.encode(salt))),
        .init("nonce", .string(Base64.encode(nonce))), .init("box", .string(Base64.encode(box))),
        .init("mark", .string(Base64.encode(Seal.mark(of: base, salt: salt)))), .init("user", .integer(Int64(user))),
      ]
      if let lock { members.append(.init("passphrase", lock.json)) }
      return .object(members)
    } catch {
      throw .refused("sealing the credential: \(error)")
    }
  }

  /// Opens what `seal` made.
  ///
  /// - Parameter passphrase: asked for it, if there is one.
  func open(
    _ sealed: JSON, context: String, passphrase: () throws(ClientError) -> [UInt8]
  ) throws(ClientError) -> [UInt8] {
    do {
      let opening = try prepare(sealed)
      var lock: PassphraseLock?
      if let described = opening.locked { lock = try PassphraseLock(described, passphrase: try passphrase()) }
      let key = key(base: opening.base, source: opening.source, lock: lock, salt: opening.salt)
      guard
        let secrets = try? AES256GCM.open(
          opening.box, key: key, nonce: opening.nonce, additionalData: Array(context.utf8))
      else { throw opening.isMarked ? SealFailure.altered : .elsewhereOrAltered }
      return secrets
    } catch let failure as SealFailure {
      throw .credential("\(failure)", hint: failure.hint)
    } catch let error as ClientError {
      throw error
    } catch {
      throw .refused("opening the credential: \(error)")
    }
  }

  private struct Opening {
    let source: Source
    let base: [UInt8]
    let salt: [UInt8]
    let nonce: [UInt8]
    let box: [UInt8]
    let locked: JSON?
    let isMarked: Bool
  }

  /// What opening it needs but for the passphrase, and whether it is this machine's and user's at all.
  private func prepare(_ sealed: JSON) throws -> Opening {
    guard let salt = sealed["salt"]?.string.flatMap(Base64.decode), !salt.isEmpty,
      let nonce = sealed["nonce"]?.string.flatMap(Base64.decode), nonce.count == 12,
      let box = sealed["box"]?.string.flatMap(Base64.decode), box.count > 16,
      let named = sealed["key"]?.string
    else { throw SealFailure.damaged }
    guard let source = Source(rawValue: named) else { throw SealFailure.unknownSource(named) }
    let base: [UInt8]
    switch source {
    case .machineID:
      guard let id = readMachineID() else { throw SealFailure.noMachineID(machineID) }
      base = id
    case .keyFile:
      guard access(keyFile, F_OK) == 0 || errno != ENOENT else { throw SealFailure.noKeyFile(keyFile) }
      base = try readKeyFile()
    }
    // Credentials of the first version have no mark.
    let mark = sealed["mark"]?.string.flatMap(Base64.decode)
    if let mark, !constantTimeEquals(mark, Seal.mark(of: base, salt: salt)) {
      throw source == .machineID ? SealFailure.otherMachine : .otherKeyFile(keyFile)
    }
    if source == .machineID, let sealer = sealed["user"]?.integer, sealer != Int64(user) {
      throw SealFailure.otherUser(sealer, user)
    }
    return Opening(
      source: source, base: base, salt: salt, nonce: nonce, box: box, locked: sealed["passphrase"],
      isMarked: mark != nil)
  }

  /// The machine-id if there is one, else the key file's bytes.
  private func newBase() throws(ClientError) -> (Source, [UInt8]) {
    if let id = readMachineID() { return (.machineID, id) }
    if access(keyFile, F_OK) != 0, errno == ENOENT {
      do {
        try AtomicFile.write(SecureRandom.bytes(32), to: keyFile, mode: 0o600)
      } catch {
        throw .cannotCreate(keyFile, "\(error)")
      }
    }
    return (.keyFile, try readKeyFile())
  }

  private func readMachineID() -> [UInt8]? {
    guard let text = try? AtomicFile.read(machineID, limit: 4096) else { return nil }
    let id = text.filter { $0 > 0x20 }
    return id.count >= 32 ? id : nil
  }

  private func readKeyFile() throws(ClientError) -> [UInt8] {
    let key: [UInt8]
    do {
      key = try PrivateFile.read(keyFile)
    } catch {
      throw .credential("the key file \(keyFile): \(error)", hint: error.hint)
    }
    guard key.count == 32 else {
      throw .credential(
        "the key file \(keyFile): it must have 32 bytes, and has \(key.count)",
        hint: "restore it from a backup; or move it away and pair again")
    }
    return key
  }

  private func key(base: [UInt8], source: Source, lock: PassphraseLock?, salt: [UInt8]) -> SecretBytes {
    let secret = source == .machineID ? base + Array(":\(user)".utf8) : base
    let info = Seal.info + (lock == nil ? "" : " with a passphrase")
    return HKDFSHA256.derive(secret: secret + (lock?.key ?? []), salt: salt, info: Array(info.utf8), count: 32)
  }

  /// By what another machine's seal is told from an altered one. It says nothing of the machine's id.
  private static func mark(of base: [UInt8], salt: [UInt8]) -> [UInt8] {
    HKDFSHA256.derive(secret: base, salt: salt, info: Array("remote-agent-client mark v1".utf8), count: 16)
  }
}
