import Glibc
package import RemoteAgentCore
import RemoteAgentProcess
import RemoteAgentTLS

/// Seals a credential's secrets for this machine and user: AES-256-GCM under a key from HKDF-SHA-256 over the machine-id
/// and the user's number, or over a random key file where there is no machine-id.
///
/// What it stops: the file alone (a backup, a synced or copied dot folder, a leaked disk image of one home) is of no use
/// elsewhere. What it doesn't stop: whoever can run programs as this user, or read both the file and the machine-id.
package struct Seal: Sendable {
  package enum Source: String, Sendable {
    case machineID = "machine-id"
    case keyFile = "key-file"
  }

  package let source: Source
  private let secret: [UInt8]

  private static let info = Array("remote-agent-client credential v1".utf8)

  /// - Parameters:
  ///   - machineID: the file that holds the machine's id.
  ///   - keyFile: where the random key is kept if there is none; made (0600) if `create` is set.
  package init(machineID: String = "/etc/machine-id", keyFile: String, create: Bool) throws(ClientError) {
    var id: [UInt8] = []
    if let text = try? AtomicFile.read(machineID, limit: 4096) { id = text.filter { $0 > 0x20 } }
    if id.count >= 32 {
      source = .machineID
      secret = id + Array(":\(getuid())".utf8)
      return
    }
    source = .keyFile
    if create, access(keyFile, F_OK) != 0 {
      do {
        try AtomicFile.write(SecureRandom.bytes(32), to: keyFile, mode: 0o600)
      } catch {
        throw .cannotCreate(keyFile, "\(error)")
      }
    }
    do {
      secret = try PrivateFile.read(keyFile)
    } catch {
      throw .configuration(keyFile, "\(error)")
    }
    guard secret.count == 32 else { throw .configuration(keyFile, "this is no key file") }
  }

  /// Seals `secrets`; `context` must be the same when it is opened.
  package func seal(_ secrets: JSON, context: String) throws(ClientError) -> JSON {
    let salt = SecureRandom.bytes(16)
    let nonce = SecureRandom.bytes(12)
    do {
      let box = try AES256GCM.seal(
        secrets.serialized(), key: key(salt: salt), nonce: nonce, additionalData: Array(context.utf8))
      return [
        "key": .string(source.rawValue), "salt": .string(Base64.encode(salt)), "nonce": .string(Base64.encode(nonce)),
        "box": .string(Base64.encode(box)),
      ]
    } catch {
      throw .refused("sealing the credential: \(error)")
    }
  }

  /// Opens what `seal` made; nil if it was sealed elsewhere or altered.
  package func open(_ sealed: JSON, context: String) -> JSON? {
    guard let salt = sealed["salt"]?.string.flatMap(Base64.decode),
      let nonce = sealed["nonce"]?.string.flatMap(Base64.decode), nonce.count == 12,
      let box = sealed["box"]?.string.flatMap(Base64.decode),
      let secrets = try? AES256GCM.open(box, key: key(salt: salt), nonce: nonce, additionalData: Array(context.utf8))
    else { return nil }
    return try? JSON(parsing: secrets)
  }

  private func key(salt: [UInt8]) -> SecretBytes {
    HKDFSHA256.derive(secret: secret, salt: salt, info: Seal.info, count: 32)
  }
}
