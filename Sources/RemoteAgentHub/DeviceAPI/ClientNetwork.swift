import RemoteAgentTLS

/// Whom a rate limit counts as one: an IPv4 address, or the first 64 bits of an IPv6 address.
package struct ClientNetwork: Hashable, Sendable {
  private let bytes: [UInt8]

  /// - Parameter ip: an address as text; nil and what is none are one network for all.
  package init(ip: String?) {
    // A zone (`fe80::1%eth0`) is no part of the address.
    let address = IPAddress.unmapped(String((ip ?? "").prefix { $0 != "%" })) ?? []
    bytes = address.count == 16 ? Array(address[..<8]) : address
  }
}

extension IPAddress {
  /// The 4 or 16 bytes of an address; an IPv4 address that stands in an IPv6 one (RFC 4291 section 2.5.5.2) is itself. Nil if
  /// the text is none.
  static func unmapped(_ text: String) -> [UInt8]? {
    guard let bytes = bytes(of: text) else { return nil }
    let isMapped = bytes.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) && bytes.count == 16
    return isMapped ? Array(bytes[12...]) : bytes
  }
}
