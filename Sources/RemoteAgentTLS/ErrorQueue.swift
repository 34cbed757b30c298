import COpenSSL

/// OpenSSL's queue of errors, which belongs to the thread: cleared before a call, read after it.
enum ErrorQueue {
  /// One error.
  struct Entry {
    let code: UInt

    var isFromSSL: Bool { ERR_GET_LIB(code) == ERR_LIB_SSL }
    var isFromPEM: Bool { ERR_GET_LIB(code) == ERR_LIB_PEM }
    var reason: Int32 { ERR_GET_REASON(code) }

    var words: String {
      if let reason = ERR_reason_error_string(code) { return String(cString: reason) }
      return "error \(code)"
    }

    /// The number of the alert that the peer sent, if that is what this error tells (RFC 8446 section 6.2).
    var alertNumber: Int32? {
      guard isFromSSL, (SSL_AD_REASON_OFFSET..<(SSL_AD_REASON_OFFSET + 256)).contains(reason) else { return nil }
      return reason - SSL_AD_REASON_OFFSET
    }

    /// The words for that alert.
    var alert: String? {
      guard let alertNumber else { return nil }
      // OpenSSL 3.0 has no words for some of TLS 1.3.
      switch alertNumber {
      case SSL_AD_MISSING_EXTENSION: return "missing extension"
      case SSL_AD_CERTIFICATE_REQUIRED: return "certificate required"
      default: break
      }
      let words = SSL_alert_desc_string_long(alertNumber).map { String(cString: $0) }
      return words == nil || words == "unknown" ? "alert \(alertNumber)" : words
    }
  }

  /// The oldest error, and an empty queue.
  static func takeEntry() -> Entry? {
    let code = ERR_get_error()
    ERR_clear_error()
    return code == 0 ? nil : Entry(code: code)
  }

  /// The words for the oldest error, and an empty queue.
  static func take() -> String? { takeEntry()?.words }
}
