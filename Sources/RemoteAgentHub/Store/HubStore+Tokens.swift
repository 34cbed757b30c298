import GRDB
import RemoteAgentCore
import RemoteAgentTLS

extension HubStore {
  /// What a token comes to that was presented with a proof of the key `fingerprint`.
  ///
  /// A good refresh token lives its full life again from here on.
  package func verify(
    token: String, kind: TokenKind, fingerprint: String, now: Int64
  ) async throws(StoreError) -> TokenVerdict {
    let hash = Self.hash(token)
    let found = try await read { database in
      try database.row(
        """
        SELECT tokens.clientId, tokens.expiresAt, devices.revokedAt IS NOT NULL AS isRevoked
        FROM tokens JOIN devices USING (clientId)
        WHERE tokens.hash = ? AND tokens.kind = ? AND devices.fingerprint = ?
        """, [hash, kind.rawValue, fingerprint]
      ).map {
        (clientId: $0["clientId"] as String, expiresAt: $0["expiresAt"] as Int64, isRevoked: $0["isRevoked"] as Bool)
      }
    }
    guard let found else { return .invalid }
    guard !found.isRevoked else { return .revoked(clientId: found.clientId) }
    guard found.expiresAt > now else { return .invalid }
    guard kind == .refresh else { return .valid(clientId: found.clientId, expiresAt: found.expiresAt) }
    let expiresAt = max(found.expiresAt, now + lives.refresh)
    try await write { database in
      try database.run(
        "UPDATE tokens SET expiresAt = ? WHERE hash = ? AND expiresAt < ?", [expiresAt, hash, expiresAt])
    }
    return .valid(clientId: found.clientId, expiresAt: expiresAt)
  }

  /// Gives a device that showed its refresh token a session and an access token, and forgets all expired ones.
  ///
  /// Throws ``StoreError/revoked`` for a device that is revoked or unknown.
  package func grantSession(clientId: String, now: Int64) async throws(StoreError) -> SessionGrant {
    let lives = lives
    return try await write { database in
      guard
        try database.row("SELECT 1 FROM devices WHERE clientId = ? AND revokedAt IS NULL", [clientId]) != nil
      else { throw StoreError.revoked }
      try database.run("DELETE FROM tokens WHERE expiresAt <= ?", [now])
      let expiresAt = now + lives.session
      let accessExpiresAt = now + lives.access
      return SessionGrant(
        sessionToken: try Self.mint(.session, clientId: clientId, expiresAt: expiresAt, in: database),
        expiresAt: expiresAt,
        accessToken: try Self.mint(.access, clientId: clientId, expiresAt: accessExpiresAt, in: database),
        accessExpiresAt: accessExpiresAt, refreshExpiresAt: now + lives.refresh)
    }
  }

  /// A new token: 32 random bytes, of which only the hash is kept.
  static func mint(_ kind: TokenKind, clientId: String, expiresAt: Int64, in database: Database) throws -> String {
    let token = kind.prefix + Base64.encodeURL(SecureRandom.bytes(32))
    try database.run(
      "INSERT INTO tokens (hash, kind, clientId, expiresAt) VALUES (?, ?, ?, ?)",
      [hash(token), kind.rawValue, clientId, expiresAt])
    return token
  }
}
