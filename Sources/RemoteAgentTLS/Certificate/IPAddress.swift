import Glibc

/// Literal IP addresses.
package enum IPAddress {
  /// The 4 or 16 bytes of an address; nil if the text is none. Strict: OpenSSL's own reader takes `127.0.0.010` for
  /// 127.0.0.10, while the resolver takes it for 127.0.0.8.
  package static func bytes(of text: String) -> [UInt8]? {
    guard !text.utf8.contains(0) else { return nil }
    var bytes = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes[..<4]) }
    if inet_pton(AF_INET6, text, &bytes) == 1 { return bytes }
    return nil
  }

  /// Whether two addresses of the same kind begin with the same `bits`, as those of one network do; false for two kinds.
  ///
  /// - Parameter bits: at most what the addresses have.
  package static func agree(_ a: [UInt8], _ b: [UInt8], bits: Int) -> Bool {
    let whole = bits / 8
    guard a.count == b.count, a[..<whole] == b[..<whole] else { return false }
    let rest = bits % 8
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0
  }

  /// The text of 4 or 16 bytes; nil for any other count.
  static func text(of bytes: [UInt8]) -> String? {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &text, socklen_t(text.count)) != nil else {
      return nil
    }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
