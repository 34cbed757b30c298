import GRDB
import RemoteAgentCore
import RemoteAgentTLS

extension HubStore {
  /// What a token comes to that was presented with a proof of the key `fingerprint`.
  ///
  /// A good refresh token lives its full life again from here on, but not longer than its device.
  package func verify(
    token: String, kind: TokenKind, fingerprint: String, now: Int64
  ) async throws(StoreError) -> TokenVerdict {
    let hash = Self.hash(token)
    let found = try await read { database in
      try database.row(
        """
        SELECT tokens.clientId, tokens.expiresAt AS tokenExpiresAt, \(DeviceTable.standing)
        FROM tokens JOIN devices USING (clientId)
        WHERE tokens.hash = ? AND tokens.kind = ? AND devices.fingerprint = ?
        """, [hash, kind.rawValue, fingerprint]
      ).map {
        (
          clientId: $0["clientId"] as String, expiresAt: $0["tokenExpiresAt"] as Int64,
          deviceExpiresAt: $0["expiresAt"] as Int64?, refusal: DeviceTable.refusal(of: $0, now: now)
        )
      }
    }
    guard let found else { return .invalid }
    // Before the token's own life, so that a device hears why as long as the token is remembered.
    if let why = found.refusal { return .refused(why, clientId: found.clientId) }
    guard found.expiresAt > now else { return .invalid }
    guard kind == .refresh else { return .valid(clientId: found.clientId, expiresAt: found.expiresAt) }
    let expiresAt = max(found.expiresAt, now + lives.refresh)
    try await write { database in
      try database.run(
        "UPDATE tokens SET expiresAt = ? WHERE hash = ? AND expiresAt < ?", [expiresAt, hash, expiresAt])
    }
    return .valid(clientId: found.clientId, expiresAt: min(expiresAt, found.deviceExpiresAt ?? .max))
  }

  /// Gives a device that showed its refresh token a session and an access token, and forgets all expired ones.
  ///
  /// Throws ``StoreError/refused(_:)`` for a device that is refused from now on, or unknown.
  package func grantSession(clientId: String, now: Int64) async throws(StoreError) -> SessionGrant {
    let lives = lives
    return try await write { database in
      let deviceExpiresAt = try DeviceTable(database: database, now: now).expiry(of: clientId)
      try database.run("DELETE FROM tokens WHERE expiresAt <= ?", [now])
      let expiresAt = now + lives.session
      let accessExpiresAt = now + lives.access
      return SessionGrant(
        sessionToken: try Self.mint(.session, clientId: clientId, expiresAt: expiresAt, in: database),
        expiresAt: expiresAt,
        accessToken: try Self.mint(.access, clientId: clientId, expiresAt: accessExpiresAt, in: database),
        accessExpiresAt: accessExpiresAt, refreshExpiresAt: min(now + lives.refresh, deviceExpiresAt ?? .max))
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
