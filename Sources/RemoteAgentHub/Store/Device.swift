package import RemoteAgentCore

/// A paired installation, as the hub knows it (PROTOCOL section 7). Times are Unix milliseconds.
package struct Device: Sendable, Equatable {
  /// Whether agents can be started on it.
  package enum Starts: String, Sendable {
    /// Its channel is open.
    case ready
    /// It has had one: what is asked for waits for it.
    case away
    /// It never had one, or is refused by now.
    case no
  }

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
  /// When it showed a token, connected or sent something last, to the minute.
  package let lastSeenAt: Int64
  /// Nil for one that stays until it is revoked.
  package let expiresAt: Int64?
  /// When it was refused for good, whatever for.
  package let revokedAt: Int64?
  /// Why it is refused; nil if it isn't.
  package let refusal: DeviceRefusal?
  /// How many sessions it has, and how many of them are connected.
  package let sessions: Int
  package let live: Int
  /// How many sessions it may open at all; nil for an ordinary device.
  package let sessionLimit: Int?
  package let starts: Starts

  /// PROTOCOL section 7's object.
  package var json: JSON {
    [
      "clientId": .string(clientId), "label": .string(label), "platform": .string(platform),
      "fingerprint": .string(fingerprint), "kind": sessionLimit == nil ? "ordinary" : "ephemeral",
      "state": .string(refusal?.rawValue ?? "paired"), "address": address.map(JSON.string) ?? .null,
      "version": version.map(JSON.string) ?? .null, "pairedAt": .integer(pairedAt),
      "lastSeenAt": .integer(lastSeenAt), "expiresAt": expiresAt.map(JSON.integer) ?? .null,
      "revokedAt": revokedAt.map(JSON.integer) ?? .null, "sessions": .integer(Int64(sessions)),
      "live": .integer(Int64(live)), "sessionLimit": sessionLimit.map { .integer(Int64($0)) } ?? .null,
      "starts": .string(starts.rawValue),
    ]
  }
}
