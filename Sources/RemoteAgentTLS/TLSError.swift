/// Why TLS did not come about, or broke off: each told as one line for a person.
package enum TLSError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The chain doesn't lead to what is trusted: OpenSSL's words.
  case certificateNotTrusted(String)
  case certificateExpired
  case certificateNotYetValid
  /// The certificate is for another name than this.
  case hostNameMismatch(String)
  /// The server's key is none of the pinned ones: the pin that was seen.
  case pinMismatch(seen: String)
  /// A pin that can't be used, and why.
  case badPin(String)
  /// What is neither a host name nor an address.
  case badHostName(String)
  /// The peer speaks no TLS.
  case notTLS
  /// The peer speaks HTTP without TLS.
  case plainHTTP
  /// The peer speaks no TLS that is new enough.
  case tooOld
  /// The server asked for a certificate of ours, which there is none of, and then refused: the alert.
  case clientCertificateWanted(String)
  /// The handshake failed: OpenSSL's words, or the peer's alert.
  case failed(String)
  /// The established connection failed: OpenSSL's words, or the peer's alert.
  case broken(String)
  /// The connection ended without close_notify, so that something may be missing.
  case truncated
  /// A file with trusted certificates that can't be used, and why.
  case badTrust(String)
  /// A certificate or key that can't be used, and why.
  case badCertificate(String)
  /// The key is not the certificate's.
  case keyMismatch
  /// OpenSSL refused for want of memory or the like.
  case internalFailure(String)

  package var description: String {
    switch self {
    case .certificateNotTrusted(let why): "the certificate is not trusted: \(why)"
    case .certificateExpired: "the certificate has expired"
    case .certificateNotYetValid: "the certificate is not yet valid: is this machine's clock right?"
    case .hostNameMismatch(let host): "the certificate is not for \(host)"
    case .pinMismatch(let seen): "the server's key is not the pinned one: it has \(seen)"
    case .badPin(let why): "pin: \(why)"
    case .badHostName(let host): "'\(TLSError.printable(host))' is neither a host name nor an address"
    case .notTLS: "the other side does not speak TLS"
    case .plainHTTP: "the other side speaks plain HTTP, not TLS"
    case .tooOld: "the other side does not speak TLS 1.2 or newer"
    case .clientCertificateWanted(let alert):
      "the other side wants a client's certificate, which a device does not have: it says: \(alert)"
    case .failed(let why): "TLS failed: \(why)"
    case .broken(let why): "TLS broke off: \(why)"
    case .truncated: "the connection was cut off"
    case .badTrust(let why): "trusted certificates: \(why)"
    case .badCertificate(let why): "certificate: \(why)"
    case .keyMismatch: "the key does not belong to the certificate"
    case .internalFailure(let why): "OpenSSL: \(why)"
    }
  }

  /// Whether trying again later may help.
  package var isTransient: Bool {
    switch self {
    case .truncated, .broken: true
    default: false
    }
  }

  /// A message is one line, whatever was given.
  private static func printable(_ text: String) -> String {
    String(
      String.UnicodeScalarView(text.unicodeScalars.prefix(255).map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }))
  }
}
