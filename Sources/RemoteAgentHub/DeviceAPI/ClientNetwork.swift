import Glibc

/// Whom a rate limit counts as one: an IPv4 address, or the first 64 bits of an IPv6 address.
package struct ClientNetwork: Hashable, Sendable {
  private let bytes: [UInt8]

  /// - Parameter ip: an address as text; nil and what is none are one network for all.
  package init(ip: String?) {
    // A zone (`fe80::1%eth0`) is no part of the address.
    let text = String((ip ?? "").prefix { $0 != "%" })
    var v4 = in_addr()
    var v6 = in6_addr()
    if inet_pton(AF_INET, text, &v4) == 1 {
      bytes = withUnsafeBytes(of: &v4) { Array($0) }
    } else if inet_pton(AF_INET6, text, &v6) == 1 {
      let all = withUnsafeBytes(of: &v6) { Array($0) }
      let isMapped = all.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF])
      bytes = isMapped ? Array(all[12...]) : Array(all[..<8])
    } else {
      bytes = []
    }
  }
}
