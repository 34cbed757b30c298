import COpenSSL

/// scrypt (RFC 7914): a key out of a passphrase, at a price for whoever guesses.
package enum Scrypt {
  package struct Parameters: Sendable, Equatable {
    /// The binary logarithm of the cost N.
    package let logN: Int
    /// The block size.
    package let r: Int
    package let p: Int

    /// 128 MiB and some tenths of a second.
    package static let standard = Parameters(unchecked: 17)

    /// Bytes of memory that may be asked for.
    private static let memoryLimit = 256 << 20

    private init(unchecked logN: Int) {
      self.logN = logN
      r = 8
      p = 1
    }

    /// Nil for what is too cheap to be of use or dearer than 256 MiB and 4 rounds: parameters are read from files.
    package init?(logN: Int, r: Int, p: Int) {
      guard (14...20).contains(logN), (1...32).contains(r), (1...4).contains(p),
        (128 * r) << logN <= Parameters.memoryLimit
      else { return nil }
      self.logN = logN
      self.r = r
      self.p = p
    }

    /// What OpenSSL may take: a little beside the blocks.
    fileprivate var memory: UInt64 { UInt64(128 * r * ((1 << logN) + p + 2)) + (1 << 20) }
  }

  /// - Parameter count: bytes wanted.
  package static func derive(
    passphrase: [UInt8], salt: [UInt8], parameters: Parameters, count: Int
  ) throws(CryptoError) -> [UInt8] {
    var key = [UInt8](repeating: 0, count: count)
    ERR_clear_error()
    let result = passphrase.withUnsafeBytes { passphrase in
      EVP_PBE_scrypt(
        passphrase.assumingMemoryBound(to: CChar.self).baseAddress, passphrase.count, salt, salt.count,
        UInt64(1) << parameters.logN, UInt64(parameters.r), UInt64(parameters.p), parameters.memory, &key, count)
    }
    guard result == 1 else { throw .failed(ErrorQueue.take() ?? "scrypt") }
    return key
  }
}
