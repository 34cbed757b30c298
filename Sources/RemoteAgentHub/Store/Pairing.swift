/// What a device gets for its code.
package struct Pairing: Sendable, Equatable {
  package let clientId: String
  package let accessToken: String
  /// Unix milliseconds.
  package let accessExpiresAt: Int64
  package let refreshToken: String
  /// Unix milliseconds.
  package let refreshExpiresAt: Int64
}
