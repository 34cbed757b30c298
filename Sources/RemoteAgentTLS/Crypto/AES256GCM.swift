import COpenSSL

/// AES-256 in Galois/Counter Mode (NIST SP 800-38D), the 16-byte tag after the ciphertext.
package enum AES256GCM {
  private static let tagLength = 16

  /// - Parameters:
  ///   - key: 32 bytes.
  ///   - nonce: 12 bytes, never twice with one key.
  package static func seal(
    _ plaintext: [UInt8], key: SecretBytes, nonce: [UInt8], additionalData: [UInt8]
  ) throws(CryptoError) -> [UInt8] {
    let context = try Context(key: key, nonce: nonce, encrypting: true)
    defer { EVP_CIPHER_CTX_free(context.pointer) }
    try context.authenticate(additionalData)
    let ciphertext = try context.update(plaintext)
    var tag = [UInt8](repeating: 0, count: tagLength)
    var length: Int32 = 0
    guard EVP_CipherFinal_ex(context.pointer, nil, &length) == 1,
      ra_EVP_CIPHER_CTX_ctrl_tag(context.pointer, 0, &tag) == 1
    else { throw .failed("sealing") }
    return ciphertext + tag
  }

  /// Opens what `seal` made; throws `notAuthentic` if anything differs.
  ///
  /// What it returns is its caller's to overwrite.
  package static func open(
    _ box: [UInt8], key: SecretBytes, nonce: [UInt8], additionalData: [UInt8]
  ) throws(CryptoError) -> [UInt8] {
    guard box.count >= tagLength else { throw .notAuthentic }
    let context = try Context(key: key, nonce: nonce, encrypting: false)
    defer { EVP_CIPHER_CTX_free(context.pointer) }
    try context.authenticate(additionalData)
    var plaintext = try context.update(Array(box.dropLast(tagLength)))
    var tag = Array(box.suffix(tagLength))
    var length: Int32 = 0
    guard ra_EVP_CIPHER_CTX_ctrl_tag(context.pointer, 1, &tag) == 1,
      EVP_CipherFinal_ex(context.pointer, nil, &length) == 1
    else {
      ERR_clear_error()
      overwrite(&plaintext)
      throw .notAuthentic
    }
    return plaintext
  }

  /// The same with a key that is not kept in `SecretBytes`.
  package static func seal(
    _ plaintext: [UInt8], key: [UInt8], nonce: [UInt8], additionalData: [UInt8]
  ) throws(CryptoError) -> [UInt8] {
    try seal(plaintext, key: SecretBytes(key), nonce: nonce, additionalData: additionalData)
  }

  /// The same with a key that is not kept in `SecretBytes`.
  package static func open(
    _ box: [UInt8], key: [UInt8], nonce: [UInt8], additionalData: [UInt8]
  ) throws(CryptoError) -> [UInt8] {
    try open(box, key: SecretBytes(key), nonce: nonce, additionalData: additionalData)
  }

  private struct Context {
    let pointer: OpaquePointer

    init(key: SecretBytes, nonce: [UInt8], encrypting: Bool) throws(CryptoError) {
      guard key.count == 32, nonce.count == 12 else { throw .badKey }
      guard let pointer = EVP_CIPHER_CTX_new() else { throw .failed("no memory") }
      let isReady = key.withUnsafeBytes { key in
        EVP_CipherInit_ex(
          pointer, EVP_aes_256_gcm(), nil, key.assumingMemoryBound(to: UInt8.self).baseAddress, nonce,
          encrypting ? 1 : 0) == 1
      }
      guard isReady else {
        EVP_CIPHER_CTX_free(pointer)
        throw .failed("AES-256-GCM is not to be had")
      }
      self.pointer = pointer
    }

    func authenticate(_ data: [UInt8]) throws(CryptoError) {
      var length: Int32 = 0
      guard data.isEmpty || EVP_CipherUpdate(pointer, nil, &length, data, Int32(data.count)) == 1 else {
        throw .failed("additional data")
      }
    }

    func update(_ input: [UInt8]) throws(CryptoError) -> [UInt8] {
      guard !input.isEmpty else { return [] }
      var output = [UInt8](repeating: 0, count: input.count)
      var length: Int32 = 0
      guard EVP_CipherUpdate(pointer, &output, &length, input, Int32(input.count)) == 1, length == input.count else {
        throw .failed("AES-256-GCM")
      }
      return output
    }
  }
}
