import Foundation
import GRDB
import RemoteAgentCore

extension HubStore {
  /// Makes a pairing code and forgets the expired ones. `now` is Unix milliseconds, here and in what follows.
  package func createPairingCode(
    _ terms: PairingTerms = PairingTerms(), now: Int64
  ) async throws(StoreError) -> PairingCode {
    let symbols = Symbols.random(8)
    let hash = Self.hash(symbols)
    let expiresAt = now + lives.code
    try await write { database in
      try database.run("DELETE FROM codes WHERE expiresAt <= ?", [now])
      try database.run(
        "INSERT INTO codes (hash, expiresAt, label, life, sessionLimit) VALUES (?, ?, ?, ?, ?)",
        [hash, expiresAt, terms.label, terms.ephemeral?.life, terms.ephemeral?.sessions])
    }
    return PairingCode(code: Approval.shown(symbols), expiresAt: expiresAt)
  }

  /// Makes the key a device of its own, if the code is good; it is then used up, but for the same key: that one gets new
  /// tokens for the same device until the code's 10 minutes are over. What the code's maker said of the device holds: its
  /// label goes before the one here.
  ///
  /// Nil for an unknown, used or expired code, and for one whose device is refused by now.
  package func pair(
    code: String, fingerprint: String, label: String, platform: String, address: String?, version: String? = nil,
    now: Int64
  ) async throws(StoreError) -> Pairing? {
    let hash = Self.hash(Crockford.normalized(code))
    let newId = "c_" + Symbols.random(16).lowercased()
    let lives = lives
    let pairing: Pairing? = try await write { database in
      guard
        let found = try database.row("SELECT * FROM codes WHERE hash = ?", [hash]),
        found["expiresAt"] as Int64 > now
      else { return nil }
      let clientId: String
      let expiresAt: Int64?
      // One that was approved is its key's before it is used.
      if let owner = found["fingerprint"] as String?, owner != fingerprint { return nil }
      if let known = found["clientId"] as String? {
        guard
          let device = try database.row("SELECT \(DeviceTable.standing) FROM devices WHERE clientId = ?", [known]),
          DeviceTable.refusal(of: device, now: now) == nil
        else { return nil }
        clientId = known
        expiresAt = device["expiresAt"]
      } else {
        clientId = newId
        expiresAt = (found["life"] as Int64?).map { now + $0 }
        try database.run(
          """
          INSERT INTO devices
            (clientId, label, platform, fingerprint, address, version, pairedAt, lastSeenAt, expiresAt, sessionLimit)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
          [
            clientId, found["label"] as String? ?? label, platform, fingerprint, address, version, now, now, expiresAt,
            found["sessionLimit"] as Int64?,
          ])
        try database.run(
          "UPDATE codes SET fingerprint = ?, clientId = ? WHERE hash = ?", [fingerprint, clientId, hash])
      }
      let accessExpiresAt = now + lives.access
      let refreshExpiresAt = now + lives.refresh
      return Pairing(
        clientId: clientId,
        accessToken: try Self.mint(.access, clientId: clientId, expiresAt: accessExpiresAt, in: database),
        accessExpiresAt: accessExpiresAt,
        refreshToken: try Self.mint(.refresh, clientId: clientId, expiresAt: refreshExpiresAt, in: database),
        refreshExpiresAt: min(refreshExpiresAt, expiresAt ?? .max))
    }
    if let pairing { changes.changed(device: pairing.clientId) }
    return pairing
  }
}
