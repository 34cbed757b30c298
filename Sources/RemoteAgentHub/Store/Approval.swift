package import RemoteAgentCore

/// A device that asks to be paired, and what was decided of it.
package struct Approval: Sendable, Equatable {
  /// How it asks.
  package enum Kind: String, Sendable {
    /// By the device authorization grant (RFC 8628): without a code of the hub's.
    case device
    /// By a pairing code, where those need approval too.
    case code
  }

  package enum Decision: String, Sendable {
    case allow, deny
  }

  package enum State: Sendable, Equatable {
    case pending, allowed, denied, expired
  }

  /// What the device shows, and a person compares: `XXXX-XXXX`. Of a pairing code it is the code.
  package let userCode: String
  package let kind: Kind
  package let label: String
  package let platform: String
  /// The RFC 7638 thumbprint of its key; only that key gets what is allowed.
  package let fingerprint: String
  /// Where it asked from.
  package let address: String?
  /// Unix milliseconds, as all times here.
  package let createdAt: Int64
  package let expiresAt: Int64
  package let decision: Decision?

  package func state(now: Int64) -> State {
    guard expiresAt > now else { return .expired }
    return switch decision {
    case nil: .pending
    case .allow: .allowed
    case .deny: .denied
    }
  }

  /// What a key gets that shows the code of this request; nil for another key, and when it is too late.
  func admission(fingerprint: String, now: Int64) -> PairingAdmission? {
    guard fingerprint == self.fingerprint else { return nil }
    return switch state(now: now) {
    case .pending: .pending(self, isNew: false)
    case .allowed: .allowed(self)
    case .denied: .denied
    case .expired: nil
    }
  }

  /// As docs/http-api.md tells it.
  package func json(now: Int64) -> JSON {
    [
      "userCode": .string(userCode), "kind": .string(kind.rawValue), "label": .string(label),
      "platform": .string(platform), "fingerprint": .string(fingerprint),
      "address": address.map(JSON.string) ?? .null, "createdAt": .integer(createdAt),
      "expiresAt": .integer(expiresAt), "expiresIn": .integer(max(0, expiresAt - now) / 1_000),
    ]
  }

  /// A code's 8 symbols as people see them.
  static func shown(_ symbols: String) -> String { "\(symbols.prefix(4))-\(symbols.suffix(4))" }
}
