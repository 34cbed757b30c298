import GRDB

/// How much a store holds.
package struct StoreCounts: Sendable, Equatable {
  package struct Count: Sendable, Equatable {
    package let name: String
    package let count: Int64
  }

  /// By state; each of them, also those with none.
  package let sessions: [Count]
  package let devices: [Count]
  /// By what became of them.
  package let controls: [Count]
  package let lines: Int64
  package let bytes: Int64
  /// Since the start.
  package let commits: Int64
  package let waiting: Int64
  /// Why nothing can be stored now, and how often that began since the start.
  package let outage: StoreOutage?
  package let outages: Int64
  /// Bytes of the write-ahead log.
  package let logFile: Int64
}

extension HubStore {
  package func counts(now: Int64) async throws(StoreError) -> StoreCounts {
    try await expireControls(now: now)
    let (commits, waiting) = (Int64(batches.groups), Int64(batches.waiting))
    let (outage, outages, logFile) = (health.outage, Int64(health.outages), logFileSize)
    return try await read { database in
      let sessions = try database.row(
        """
        SELECT count(*) FILTER (WHERE ended = 0 AND writer = '') AS starting,
          count(*) FILTER (WHERE ended = 0 AND connected = 1) AS live,
          count(*) FILTER (WHERE ended = 0 AND connected = 0 AND writer <> '') AS away, count(*) FILTER (WHERE ended = 1) AS ended,
          coalesce(sum(lines), 0) AS lines, coalesce(sum(bytes), 0) AS bytes
        FROM sessions
        """)
      let devices = try database.row(
        """
        SELECT count(*) FILTER (WHERE revokedAt IS NULL) AS paired,
          count(*) FILTER (WHERE revokedAt IS NOT NULL AND coalesce(endedBy, 'revoked') = 'revoked') AS revoked,
          count(*) FILTER (WHERE endedBy = 'expired') AS expired, count(*) FILTER (WHERE endedBy = 'finished') AS finished
        FROM devices
        """)
      func counts(_ row: Row?, _ names: [String]) -> [StoreCounts.Count] {
        names.map { .init(name: $0, count: row?[$0] ?? 0) }
      }
      return StoreCounts(
        sessions: counts(sessions, ["starting", "live", "away", "ended"]),
        devices: counts(devices, ["paired", "revoked", "expired", "finished"]),
        controls: try database.rows(
          """
          SELECT result, count(*) FROM (SELECT result FROM controls UNION ALL SELECT result FROM deviceControls)
          GROUP BY result ORDER BY result
          """
        ).map { .init(name: $0[0], count: $0[1]) },
        lines: sessions?["lines"] ?? 0, bytes: sessions?["bytes"] ?? 0, commits: commits, waiting: waiting,
        outage: outage, outages: outages, logFile: logFile)
    }
  }
}
