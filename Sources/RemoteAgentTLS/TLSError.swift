import COpenSSL

/// Why TLS did not come about, or broke off: each told as one line for a person.
package enum TLSError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The chain doesn't lead to what is trusted: OpenSSL's words.
  case certificateNotTrusted(String)
  case certificateExpired
  /// The certificate is for another name than this.
  case hostNameMismatch(String)
  /// The peer speaks no TLS.
  case notTLS
  /// The handshake or the connection failed: OpenSSL's words.
  case failed(String)
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
    case .certificateExpired: "the certificate has expired or is not yet valid"
    case .hostNameMismatch(let host): "the certificate is not for \(host)"
    case .notTLS: "the other side does not speak TLS"
    case .failed(let why): "TLS failed: \(why)"
    case .truncated: "the connection was cut off"
    case .badTrust(let why): "trusted certificates: \(why)"
    case .badCertificate(let why): "certificate: \(why)"
    case .keyMismatch: "the key does not belong to the certificate"
    case .internalFailure(let why): "OpenSSL: \(why)"
    }
  }

  /// Whether trying again later may help.
  package var isTransient: Bool { self == .truncated }
}

/// OpenSSL's queue of errors, which belongs to the thread: cleared before a call, read after it.
enum ErrorQueue {
  /// The words for the oldest error, and an empty queue.
  static func take() -> String? {
    let code = ERR_get_error()
    ERR_clear_error()
    guard code != 0 else { return nil }
    if let reason = ERR_reason_error_string(code) { return String(cString: reason) }
    return "error \(code)"
  }

  /// The reason of the oldest error, without taking it.
  static func peekReason() -> Int32 {
    Int32(truncatingIfNeeded: ERR_peek_error() & 0x7FFFFF)
  }
}
