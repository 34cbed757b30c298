/// The numbers that may stand in a close frame.
package enum WebSocketCloseCode {
  /// Whether `code` may be sent: RFC 6455 section 7.4 with IANA's registry, or an application's own (3000 to 4999).
  package static func isSendable(_ code: UInt16) -> Bool {
    switch code {
    case 1000...1003, 1007...1014, 3000...4999: true
    default: false
    }
  }
}
