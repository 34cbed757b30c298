import GRDB
package import RemoteAgentCore
import RemoteAgentTLS

extension HubStore {
  /// How often at most a token's use is written down, in milliseconds.
  private static let useGranularity: Int64 = 60_000

  /// Makes a token and forgets the expired ones; the secret is returned, and only its hash is kept.
  ///
  /// - Parameter now: Unix milliseconds, here and in what follows.
  package func createPersonToken(
    _ kind: PersonTokenKind, name: String, now: Int64
  ) async throws(StoreError) -> (secret: String, token: PersonToken) {
    let lives = lives
    return try await write { database in
      try database.run("DELETE FROM personTokens WHERE expiresAt <= ?", [now])
      return try Self.mint(kind, name: name, now: now, lives: lives, in: database)
    }
  }

  /// Changes a link's token for a browser's, once; nil for one that is unknown, used or expired.
  package func redeemLink(_ secret: String, now: Int64) async throws(StoreError) -> String? {
    let hash = Self.hash(secret)
    let lives = lives
    return try await write { database in
      let link = try database.row(
        "SELECT id, name FROM personTokens WHERE hash = ? AND kind = 'link' AND expiresAt > ?", [hash, now])
      guard let link else { return nil }
      try database.run("DELETE FROM personTokens WHERE id = ?", [link["id"] as String])
      return try Self.mint(.browser, name: link["name"], now: now, lives: lives, in: database).secret
    }
  }

  /// The token with that secret, if it is a good one of that kind. A browser's lives its full life again from here on.
  package func personToken(
    _ secret: String, kind: PersonTokenKind, now: Int64
  ) async throws(StoreError) -> PersonToken? {
    let hash = Self.hash(secret)
    let found = try await read { database in
      try database.row(
        "SELECT * FROM personTokens WHERE hash = ? AND kind = ? AND coalesce(expiresAt > ?, 1)",
        [hash, kind.rawValue, now]
      ).map(PersonToken.init(row:))
    }
    guard let found else { return nil }
    if now - (found.lastUsedAt ?? 0) >= Self.useGranularity {
      let expiresAt = kind == .browser ? now + lives.browser : found.expiresAt
      do throws(StoreError) {
        try await write { database in
          try database.run(
            "UPDATE personTokens SET lastUsedAt = ?, expiresAt = ? WHERE id = ?", [now, expiresAt, found.id])
        }
      } catch .cannotStore {
        // Whoever looks why nothing is stored must get in.
      }
    }
    return found
  }

  /// Whether the token is still good.
  package func isGood(personToken id: String, now: Int64) async throws(StoreError) -> Bool {
    try await read { database in
      try database.row("SELECT 1 FROM personTokens WHERE id = ? AND coalesce(expiresAt > ?, 1)", [id, now]) != nil
    }
  }

  /// The scripts' and browsers' tokens, the newest first.
  package func personTokens(now: Int64) async throws(StoreError) -> [PersonToken] {
    try await read { database in
      try database.rows(
        """
        SELECT * FROM personTokens WHERE kind <> 'link' AND coalesce(expiresAt > ?, 1) ORDER BY createdAt DESC, id
        """, [now]
      ).map(PersonToken.init(row:))
    }
  }

  /// Forgets a token, so that it is refused from here on, and ends what is being read with it; false if there is none of that name.
  package func revokePersonToken(_ id: String) async throws(StoreError) -> Bool {
    let isRevoked = try await write { database in
      try database.run("DELETE FROM personTokens WHERE id = ?", [id])
      return database.changesCount > 0
    }
    if isRevoked { streams.revoked(token: id) }
    return isRevoked
  }

  private static func mint(
    _ kind: PersonTokenKind, name: String, now: Int64, lives: TokenLives, in database: Database
  ) throws -> (secret: String, token: PersonToken) {
    let secret = kind.prefix + Base64.encodeURL(SecureRandom.bytes(32))
    let expiresAt: Int64? =
      switch kind {
      case .link: now + lives.link
      case .browser: now + lives.browser
      case .api: nil
      }
    let id = "t_" + Symbols.random(10).lowercased()
    try database.run(
      "INSERT INTO personTokens (id, hash, kind, name, createdAt, expiresAt) VALUES (?, ?, ?, ?, ?, ?)",
      [id, hash(secret), kind.rawValue, name, now, expiresAt])
    let token = PersonToken(
      id: id, kind: kind, name: name, createdAt: now, expiresAt: expiresAt, lastUsedAt: nil)
    return (secret, token)
  }
}

extension PersonToken {
  fileprivate init(row: Row) {
    self.init(
      id: row["id"], kind: PersonTokenKind(rawValue: row["kind"]) ?? .link, name: row["name"],
      createdAt: row["createdAt"], expiresAt: row["expiresAt"], lastUsedAt: row["lastUsedAt"])
  }

  /// As `ra-hub token list --json` prints it.
  package var json: JSON {
    [
      "id": .string(id), "kind": .string(kind.rawValue), "name": .string(name), "createdAt": .integer(createdAt),
      "expiresAt": expiresAt.map(JSON.integer) ?? .null, "lastUsedAt": lastUsedAt.map(JSON.integer) ?? .null,
    ]
  }
}
