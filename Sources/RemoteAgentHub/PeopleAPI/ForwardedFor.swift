import RemoteAgentTLS

/// Finds out where a request really came from when a proxy of ours brings it.
package struct ForwardedFor: Sendable {
  /// Addresses of proxies that are believed.
  private let trusted: [AddressRange]

  package init(trusted: [AddressRange]) {
    self.trusted = trusted
  }

  /// The address that a request counts as: the peer's own, unless it is a trusted proxy; then the last address of
  /// `X-Forwarded-For` that is not one (what stands before it, anybody may have written).
  package func address(peer: String?, forwarded: [String]) -> String? {
    guard var address = peer else { return nil }
    var hops = forwarded.joined(separator: ",").split(separator: ",").map { hop in
      hop.filter { $0 != " " && $0 != "\t" }
    }
    while trusted.contains(where: { $0.contains(address) }), let hop = hops.popLast(), AddressRange(hop) != nil {
      address = hop
    }
    return address
  }
}

/// An IP address, or all that begin with the same bits: `10.0.0.0/8`, `fd00::/8`.
package struct AddressRange: Sendable, Equatable {
  private let bytes: [UInt8]
  private let bits: Int

  /// Nil for what is no address or range.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let bytes = IPAddress.unmapped(String(first)) else { return nil }
    var bits = bytes.count * 8
    if parts.count == 2 {
      guard let given = Int(parts[1]), (0...bits).contains(given) else { return nil }
      bits = given
    }
    self.bytes = bytes
    self.bits = bits
  }

  package func contains(_ address: String) -> Bool {
    IPAddress.unmapped(address).map { IPAddress.agree($0, bytes, bits: bits) } ?? false
  }
}
