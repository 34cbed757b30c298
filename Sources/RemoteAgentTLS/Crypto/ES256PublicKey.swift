import COpenSSL
package import RemoteAgentCore

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
    let r = BN_bin2bn(Array(signature[..<32]), 32, nil)
    let s = BN_bin2bn(Array(signature[32...]), 32, nil)
    // The pair takes ownership, unless one is missing.
    guard ECDSA_SIG_set0(pair, r, s) == 1 else {
      BN_free(r)
      BN_free(s)
      return false
    }
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
