import COpenSSL
package import RemoteAgentCore

/// A private key for ES256 (ECDSA on P-256 with SHA-256, RFC 7518 section 3.4).
///
/// Sendable: an EVP_PKEY is not changed once made, and its count is atomic.
package struct ES256PrivateKey: @unchecked Sendable {
  let key: Key
  /// The scalar, 32 bytes.
  package let rawRepresentation: [UInt8]
  package let publicKey: ES256PublicKey

  /// A new key.
  package static func generate() throws(CryptoError) -> ES256PrivateKey {
    ERR_clear_error()
    guard let pointer = ra_EC_P256_generate() else { throw .failed(ErrorQueue.take() ?? "generating a key") }
    let key = Key(owning: pointer)
    defer { withExtendedLifetime(key) {} }
    var number: OpaquePointer?
    guard EVP_PKEY_get_bn_param(pointer, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1, let number else { throw .badKey }
    defer { BN_clear_free(number) }
    var raw = [UInt8](repeating: 0, count: 32)
    guard BN_bn2binpad(number, &raw, 32) == 32 else { throw .badKey }
    return try ES256PrivateKey(rawRepresentation: raw)
  }

  /// The key of a scalar of 32 bytes; throws `badKey` if it is out of range.
  package init(rawRepresentation raw: [UInt8]) throws(CryptoError) {
    guard raw.count == 32 else { throw .badKey }
    ERR_clear_error()
    guard let group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1) else { throw .failed("P-256") }
    defer { EC_GROUP_free(group) }
    guard let scalar = BN_bin2bn(raw, 32, nil), let point = EC_POINT_new(group) else { throw .failed("no memory") }
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
    rawRepresentation = raw
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

/// A public key for ES256. Sendable: as the private key.
package struct ES256PublicKey: @unchecked Sendable, Equatable {
  private let key: Key
  /// The point's coordinates, 32 bytes each.
  package let x: [UInt8]
  package let y: [UInt8]

  /// Throws `badKey` if the point is not on the curve.
  package init(x: [UInt8], y: [UInt8]) throws(CryptoError) {
    guard x.count == 32, y.count == 32 else { throw .badKey }
    key = try ES256.key(point: [4] + x + y, scalar: nil)
    self.x = x
    self.y = y
  }

  package static func == (one: ES256PublicKey, other: ES256PublicKey) -> Bool {
    one.x == other.x && one.y == other.y
  }

  /// Whether `signature` (r and s, 32 bytes each) is this key's for `message`.
  package func isValid(signature: [UInt8], for message: [UInt8]) -> Bool {
    guard signature.count == 64, let context = EVP_MD_CTX_new() else { return false }
    defer {
      EVP_MD_CTX_free(context)
      ERR_clear_error()
    }
    guard let pair = ECDSA_SIG_new() else { return false }
    defer { ECDSA_SIG_free(pair) }
    guard let r = BN_bin2bn(Array(signature[..<32]), 32, nil), let s = BN_bin2bn(Array(signature[32...]), 32, nil),
      ECDSA_SIG_set0(pair, r, s) == 1
    else { return false }
    var der = [UInt8](repeating: 0, count: 80)
    let length = der.withUnsafeMutableBufferPointer { buffer -> Int in
      var start = buffer.baseAddress
      return Int(i2d_ECDSA_SIG(pair, &start))
    }
    guard length > 0, EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key.pointer) == 1 else { return false }
    return EVP_DigestVerify(context, der, length, message, message.count) == 1
  }

  /// The key as a JWK (RFC 7517), members in the order that RFC 7638 wants.
  package var jwk: JSON {
    ["crv": "P-256", "kty": "EC", "x": .string(Base64.encodeURL(x)), "y": .string(Base64.encodeURL(y))]
  }

  /// The RFC 7638 SHA-256 thumbprint, base64url: the device's fingerprint.
  package var thumbprint: String { Base64.encodeURL(SHA256.hash(jwk.serialized())) }
}

enum ES256 {
  /// A key of an uncompressed point and, for a private one, its scalar; `badKey` if the point is not on the curve.
  static func key(point: [UInt8], scalar: OpaquePointer?) throws(CryptoError) -> Key {
    precondition(point.count == 65)
    ERR_clear_error()
    defer { ERR_clear_error() }
    guard let pointer = ra_EC_P256_key(point, scalar) else { throw .badKey }
    return Key(owning: pointer)
  }
}
