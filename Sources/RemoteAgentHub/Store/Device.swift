package import RemoteAgentCore

/// A paired installation, as the hub knows it (PROTOCOL section 7). Times are Unix milliseconds.
package struct Device: Sendable, Equatable {
  package let clientId: String
  package let label: String
  package let platform: String
  /// The RFC 7638 thumbprint of its key.
  package let fingerprint: String
  /// Where it was seen last.
  package let address: String?
  /// The program that was seen last, as it names itself.
  package let version: String?
  package let pairedAt: Int64
  package let lastSeenAt: Int64
  package let revokedAt: Int64?
  /// How many sessions it has.
  package let sessions: Int

  /// PROTOCOL section 7's object.
  package var json: JSON {
    [
      "clientId": .string(clientId), "label": .string(label), "platform": .string(platform),
      "fingerprint": .string(fingerprint), "address": address.map(JSON.string) ?? .null,
      "version": version.map(JSON.string) ?? .null, "pairedAt": .integer(pairedAt),
      "lastSeenAt": .integer(lastSeenAt), "revokedAt": revokedAt.map(JSON.integer) ?? .null,
      "sessions": .integer(Int64(sessions)),
    ]
  }
}
