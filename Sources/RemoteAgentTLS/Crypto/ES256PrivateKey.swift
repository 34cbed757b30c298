import COpenSSL

/// A private key for ES256 (ECDSA on P-256 with SHA-256, RFC 7518 section 3.4). It is in OpenSSL's hands alone, which
/// overwrites it with the last reference to it.
///
/// Sendable: an EVP_PKEY is not changed once made, and its count is atomic.
package struct ES256PrivateKey: @unchecked Sendable {
  let key: Key
  package let publicKey: ES256PublicKey

  /// A new key.
  package static func generate() throws(CryptoError) -> ES256PrivateKey {
    ERR_clear_error()
    guard let pointer = ra_EC_P256_generate() else { throw .failed(ErrorQueue.take() ?? "generating a key") }
    let key = Key(owning: pointer)
    return try ES256PrivateKey(rawRepresentation: key.scalar())
  }

  /// The key of a scalar of 32 bytes; throws `badKey` if it is out of range.
  ///
  /// - Parameter raw: its caller's to overwrite.
  package init(rawRepresentation raw: [UInt8]) throws(CryptoError) {
    try self.init(rawRepresentation: SecretBytes(raw))
  }

  /// The same.
  package init(rawRepresentation raw: SecretBytes) throws(CryptoError) {
    guard raw.count == 32 else { throw .badKey }
    ERR_clear_error()
    guard let group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1) else { throw .failed("P-256") }
    defer { EC_GROUP_free(group) }
    let number = raw.withUnsafeBytes { BN_bin2bn($0.assumingMemoryBound(to: UInt8.self).baseAddress, 32, nil) }
    guard let scalar = number, let point = EC_POINT_new(group) else {
      BN_clear_free(number)
      throw .failed("no memory")
    }
    defer {
      BN_clear_free(scalar)
      EC_POINT_free(point)
    }
    guard BN_is_zero(scalar) == 0, BN_cmp(scalar, EC_GROUP_get0_order(group)) < 0,
      EC_POINT_mul(group, point, scalar, nil, nil, nil) == 1
    else { throw .badKey }
    var encoded = [UInt8](repeating: 0, count: 65)
    guard EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, &encoded, 65, nil) == 65 else {
      throw .badKey
    }
    key = try ES256.key(point: encoded, scalar: scalar)
    publicKey = try ES256PublicKey(x: Array(encoded[1..<33]), y: Array(encoded[33...]))
  }

  /// The scalar, 32 bytes, for where the key is kept. Its caller is to overwrite it; no key that this type makes has none.
  package var rawRepresentation: [UInt8] {
    guard let scalar = try? key.scalar() else { preconditionFailure("a private key without a scalar") }
    return scalar.withUnsafeBytes { Array($0) }
  }

  /// Signs the SHA-256 of `message`; the signature is r and s, 32 bytes each.
  package func sign(_ message: [UInt8]) throws(CryptoError) -> [UInt8] {
    guard let context = EVP_MD_CTX_new() else { throw .failed("no memory") }
    defer { EVP_MD_CTX_free(context) }
    ERR_clear_error()
    var der = [UInt8](repeating: 0, count: 80)
    var length = der.count
    guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key.pointer) == 1,
      EVP_DigestSign(context, &der, &length, message, message.count) == 1
    else { throw .failed(ErrorQueue.take() ?? "signing") }
    return try der.withUnsafeBufferPointer { (buffer) throws(CryptoError) -> [UInt8] in
      var start = buffer.baseAddress
      guard let signature = d2i_ECDSA_SIG(nil, &start, length) else { throw .failed("signing") }
      defer { ECDSA_SIG_free(signature) }
      var raw = [UInt8](repeating: 0, count: 64)
      let padded = raw.withUnsafeMutableBufferPointer { raw -> Bool in
        guard let base = raw.baseAddress else { return false }
        return BN_bn2binpad(ECDSA_SIG_get0_r(signature), base, 32) == 32
          && BN_bn2binpad(ECDSA_SIG_get0_s(signature), base + 32, 32) == 32
      }
      guard padded else { throw .failed("signing") }
      return raw
    }
  }
}

extension Key {
  /// The scalar of a private key on P-256, 32 bytes.
  fileprivate func scalar() throws(CryptoError) -> SecretBytes {
    var number: OpaquePointer?
    guard EVP_PKEY_get_bn_param(pointer, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1, let number else { throw .badKey }
    defer { BN_clear_free(number) }
    return try SecretBytes(count: 32) { (buffer) throws(CryptoError) in
      guard BN_bn2binpad(number, buffer.assumingMemoryBound(to: UInt8.self).baseAddress, 32) == 32 else {
        throw .badKey
      }
    }
  }
}
