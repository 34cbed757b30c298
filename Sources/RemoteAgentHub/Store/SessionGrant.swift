/// What a device gets for its refresh token. Times are Unix milliseconds.
package struct SessionGrant: Sendable, Equatable {
  package let sessionToken: String
  package let expiresAt: Int64
  package let accessToken: String
  package let accessExpiresAt: Int64
  /// Of the refresh token, counted from this use.
  package let refreshExpiresAt: Int64
}
