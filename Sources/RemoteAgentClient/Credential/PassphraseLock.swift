import RemoteAgentCore
import RemoteAgentTLS

/// What a passphrase adds to a seal: a key by scrypt, and a check by which a wrong passphrase is told from an altered box.
struct PassphraseLock {
  private let parameters: Scrypt.Parameters
  private let salt: [UInt8]
  private let check: [UInt8]
  /// 32 bytes.
  let key: [UInt8]

  init(new passphrase: [UInt8]) throws(CryptoError) {
    parameters = .standard
    salt = SecureRandom.bytes(16)
    (key, check) = try PassphraseLock.derive(passphrase, salt, parameters)
  }

  /// Throws `SealFailure` if the description is none or the passphrase is another.
  init(_ described: JSON, passphrase: [UInt8]) throws {
    guard let salt = described["salt"]?.string.flatMap(Base64.decode), (8...64).contains(salt.count),
      let check = described["check"]?.string.flatMap(Base64.decode),
      let logN = described["logN"]?.integer, let r = described["r"]?.integer, let p = described["p"]?.integer
    else { throw SealFailure.damaged }
    guard
      let parameters = Scrypt.Parameters(
        logN: Int(clamping: logN), r: Int(clamping: r), p: Int(clamping: p))
    else { throw SealFailure.badParameters }
    self.parameters = parameters
    self.salt = salt
    self.check = check
    let derived = try PassphraseLock.derive(passphrase, salt, parameters)
    guard constantTimeEquals(derived.check, check) else { throw SealFailure.wrongPassphrase }
    key = derived.key
  }

  var json: JSON {
    [
      "logN": .integer(Int64(parameters.logN)), "r": .integer(Int64(parameters.r)), "p": .integer(Int64(parameters.p)),
      "salt": .string(Base64.encode(salt)), "check": .string(Base64.encode(check)),
    ]
  }

  private static func derive(
    _ passphrase: [UInt8], _ salt: [UInt8], _ parameters: Scrypt.Parameters
  ) throws(CryptoError) -> (key: [UInt8], check: [UInt8]) {
    let bytes = try Scrypt.derive(passphrase: passphrase, salt: salt, parameters: parameters, count: 48)
    return (Array(bytes[..<32]), Array(bytes[32...]))
  }
}
