import COpenSSL

/// What both kinds of key for ES256 are made by.
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
