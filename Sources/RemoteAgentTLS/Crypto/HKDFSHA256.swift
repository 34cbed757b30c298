/// HKDF with SHA-256 (RFC 5869), out of HMAC.
package enum HKDFSHA256 {
  /// Derives a key, or what else is secret.
  ///
  /// - Parameter count: bytes wanted, at most 255 * 32.
  package static func derive(secret: [UInt8], salt: [UInt8], info: [UInt8], count: Int) -> SecretBytes {
    SecretBytes(count: count) { output in
      expand(secret, salt, info, into: output)
    }
  }

  /// Derives what need not be kept secret.
  package static func derive(secret: [UInt8], salt: [UInt8], info: [UInt8], count: Int) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: count)
    output.withUnsafeMutableBytes { expand(secret, salt, info, into: $0) }
    return output
  }

  private static func expand(
    _ secret: [UInt8], _ salt: [UInt8], _ info: [UInt8], into output: UnsafeMutableRawBufferPointer
  ) {
    precondition(output.count <= 255 * 32)
    var key = HMACSHA256.authenticate(secret, key: salt.isEmpty ? [UInt8](repeating: 0, count: 32) : salt)
    var message: [UInt8] = []
    var block: [UInt8] = []
    defer {
      overwrite(&key)
      overwrite(&message)
      overwrite(&block)
    }
    for (index, start) in stride(from: 0, to: output.count, by: 32).enumerated() {
      overwrite(&message)
      message = block + info + [UInt8(index + 1)]
      overwrite(&block)
      block = HMACSHA256.authenticate(message, key: key)
      UnsafeMutableRawBufferPointer(rebasing: output[start...]).copyBytes(from: block.prefix(output.count - start))
    }
  }
}
