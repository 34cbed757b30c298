/// Why a cryptographic operation was not possible.
package enum CryptoError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A key that is none.
  case badKey
  /// A box that doesn't open: altered, or another key.
  case notAuthentic
  /// OpenSSL refused.
  case failed(String)

  package var description: String {
    switch self {
    case .badKey: "not a key"
    case .notAuthentic: "altered, or sealed with another key"
    case .failed(let why): "OpenSSL: \(why)"
    }
  }
}
