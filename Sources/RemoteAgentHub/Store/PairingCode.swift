/// A code that lets one device pair, once.
package struct PairingCode: Sendable, Equatable {
  /// `XXXX-XXXX`; the hub keeps only its hash.
  package let code: String
  /// Unix milliseconds.
  package let expiresAt: Int64
}
