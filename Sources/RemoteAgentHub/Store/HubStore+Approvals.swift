import Foundation
import GRDB
import RemoteAgentCore

/// Devices that ask to be paired, until somebody has decided.
///
/// A request stands in `approvals` under the hash of the code that its device asks with. What is allowed stands in `codes`
/// under the same hash, bound to the key that asked: from there on it is a pairing code as any other
/// (``HubStore/pair(code:fingerprint:label:platform:address:version:now:)``), with its life and its answer to a device that asks again.
extension HubStore {
  /// How long a request is remembered after it has expired, so that its device can be told.
  private static let memory: Int64 = 600_000

  /// Notes that a key asks to be paired without a code. `now` is Unix milliseconds, here and in what follows.
  package func requestGrant(
    fingerprint: String, label: String, platform: String, address: String?, limits: DeviceGrantLimits, now: Int64
  ) async throws(StoreError) -> DeviceGrantAdmission {
    // 260 random bits: nobody guesses it.
    let deviceCode = Symbols.random(52)
    let approval = Approval(
      userCode: Approval.shown(Symbols.random(8)), kind: .device, label: label, platform: platform,
      fingerprint: fingerprint, address: address, createdAt: now, expiresAt: now + lives.code, decision: nil)
    let hash = Self.hash(deviceCode)
    // Looked at first, since anybody may ask without end, and a write holds up others.
    var full = try await read { database in try Self.isFull(for: approval, limits, in: database) }
    if full == nil {
      full = try await write { database in
        if let full = try Self.isFull(for: approval, limits, in: database) { return full }
        try Self.insert(approval, hash: hash, in: database)
        return nil
      }
    }
    if let full { return .tooMany(retryAfter: max(1, (full - now + 999) / 1_000)) }
    changes.changedApprovals()
    return .granted(DeviceGrant(deviceCode: deviceCode, approval: approval))
  }

  /// Whether a key may use a pairing code where each needs approval. That it asks is noted: the code is then that key's.
  ///
  /// Nil for a code that is unknown, expired, used up or another key's.
  package func requestPairing(
    code: String, fingerprint: String, label: String, platform: String, address: String?, now: Int64
  ) async throws(StoreError) -> PairingAdmission? {
    let symbols = Crockford.normalized(code)
    let hash = Self.hash(symbols)
    // Looked at first, since a device asks again and again, and a write holds up others.
    if let known = try await read({ database in try Self.approval(hash, in: database) }) {
      return known.admission(fingerprint: fingerprint, now: now)
    }
    let admission: PairingAdmission? = try await write { database in
      if let known = try Self.approval(hash, in: database) {
        return known.admission(fingerprint: fingerprint, now: now)
      }
      guard let found = try database.row("SELECT expiresAt, fingerprint, label FROM codes WHERE hash = ?", [hash]),
        found["expiresAt"] as Int64 > now
      else { return nil }
      if let used = found["fingerprint"] as String? { return used == fingerprint ? .allowed(nil) : nil }
      let approval = Approval(
        userCode: Approval.shown(symbols), kind: .code, label: found["label"] as String? ?? label, platform: platform,
        fingerprint: fingerprint, address: address, createdAt: now, expiresAt: found["expiresAt"], decision: nil)
      try Self.insert(approval, hash: hash, in: database)
      // From here on the code is no secret: people see it beside the request.
      try database.run("UPDATE codes SET fingerprint = ? WHERE hash = ?", [fingerprint, hash])
      return .pending(approval, isNew: true)
    }
    if case .pending(_, isNew: true) = admission { changes.changedApprovals() }
    return admission
  }

  /// What a key asked for with that device code; nil if it is none, or another key's.
  package func approval(deviceCode: String, fingerprint: String) async throws(StoreError) -> Approval? {
    let hash = Self.hash(Crockford.normalized(deviceCode))
    let found = try await read { database in try Self.approval(hash, in: database) }
    guard let found, found.kind == .device, found.fingerprint == fingerprint else { return nil }
    return found
  }

  /// The requests that wait, the oldest first.
  package func approvals(now: Int64) async throws(StoreError) -> [Approval] {
    try await read { database in
      try database.rows(
        "SELECT * FROM approvals WHERE decision IS NULL AND expiresAt > ? ORDER BY createdAt, userCode", [now]
      ).map(Approval.init(row:))
    }
  }

  /// Decides of a request that waits. Deciding twice is as once.
  package func decide(
    _ decision: Approval.Decision, userCode: String, now: Int64
  ) async throws(StoreError) -> DecisionOutcome {
    let symbols = Crockford.normalized(userCode)
    guard symbols.unicodeScalars.count == 8 else { return .unknown }
    let shown = Approval.shown(symbols)
    let outcome: DecisionOutcome = try await write { database in
      guard
        let row = try database.row("SELECT * FROM approvals WHERE userCode = ? AND expiresAt > ?", [shown, now])
      else { return .unknown }
      let approval = Approval(row: row)
      if let decided = approval.decision {
        return decided == decision ? .decided(approval, isNew: false) : .decidedOtherwise
      }
      let hash: Data = row["hash"]
      try database.run("UPDATE approvals SET decision = ? WHERE hash = ?", [decision.rawValue, hash])
      switch (decision, approval.kind) {
      case (.allow, .device):
        try database.run(
          "INSERT INTO codes (hash, expiresAt, fingerprint, label) VALUES (?, ?, ?, ?)",
          [hash, approval.expiresAt, approval.fingerprint, approval.label])
      case (.deny, .code): try database.run("DELETE FROM codes WHERE hash = ?", [hash])
      case (.allow, .code), (.deny, .device): break
      }
      return .decided(approval, isNew: true)
    }
    if case .decided(_, isNew: true) = outcome { changes.changedApprovals() }
    return outcome
  }

  /// Until when there are as many requests as may be; nil if there is room for one more.
  private static func isFull(
    for approval: Approval, _ limits: DeviceGrantLimits, in database: Database
  ) throws -> Int64? {
    let open = try database.rows(
      """
      SELECT approvals.expiresAt, approvals.address, decision, codes.clientId IS NOT NULL AS isPaired
      FROM approvals LEFT JOIN codes USING (hash)
      WHERE kind = 'device' AND approvals.expiresAt > ? ORDER BY approvals.expiresAt
      """, [approval.createdAt])
    let network = ClientNetwork(ip: approval.address)
    let near = open.filter { !($0["isPaired"] as Bool) && ClientNetwork(ip: $0["address"]) == network }
    let all = open.filter { ($0["decision"] as String?) != Approval.Decision.deny.rawValue }
    for (rows, limit) in [(near, limits.perNetwork), (all, limits.total)] where rows.count >= limit {
      return rows.first?["expiresAt"] ?? approval.expiresAt
    }
    return nil
  }

  private static func approval(_ hash: Data, in database: Database) throws -> Approval? {
    try database.row("SELECT * FROM approvals WHERE hash = ?", [hash]).map(Approval.init(row:))
  }

  /// Notes a request, and forgets old ones.
  private static func insert(_ approval: Approval, hash: Data, in database: Database) throws {
    try database.run("DELETE FROM approvals WHERE expiresAt <= ?", [approval.createdAt - memory])
    try database.run(
      """
      INSERT INTO approvals (hash, userCode, kind, label, platform, fingerprint, address, createdAt, expiresAt)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        hash, approval.userCode, approval.kind.rawValue, approval.label, approval.platform, approval.fingerprint,
        approval.address, approval.createdAt, approval.expiresAt,
      ])
  }
}

extension Approval {
  fileprivate init(row: Row) {
    self.init(
      userCode: row["userCode"], kind: Kind(rawValue: row["kind"]) ?? .device, label: row["label"],
      platform: row["platform"], fingerprint: row["fingerprint"], address: row["address"],
      createdAt: row["createdAt"], expiresAt: row["expiresAt"],
      decision: (row["decision"] as String?).flatMap(Decision.init(rawValue:)))
  }
}
