/// Absolute `http` and `https` URLs, compared as RFC 9449 section 4.3 wants it.
package enum HTTPURL {
  /// The URL after syntax- and scheme-based normalisation (RFC 3986 sections 6.2.2 and 6.2.3): scheme and host in lower
  /// case, the default port left out, percent-encoding of unreserved characters undone and its digits in upper case, dot
  /// segments removed, an empty path made `/`. Nil if it is no such URL, if its host is neither a name in ASCII nor an
  /// address, or if it has a user, a query or a fragment.
  package static func normalise(_ url: String) -> String? {
    // Before anything is put in lower case: U+212A would become a k.
    guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let separator = url.firstRange(of: "://") else { return nil }
    let scheme = url[..<separator.lowerBound].lowercased()
    guard scheme == "https" || scheme == "http" else { return nil }
    let rest = url[separator.upperBound...]
    let pathStart = rest.utf8.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
    guard
      let authority = normalise(authority: rest[..<pathStart].lowercased(), defaultPort: scheme == "https" ? 443 : 80),
      let path = decodeUnreserved(rest[pathStart...])
    else { return nil }
    return "\(scheme)://\(authority)\(removeDotSegments(path))"
  }

  /// `host`, `host:port`, `[address]` or `[address]:port`, without a default or empty port.
  private static func normalise(authority: String, defaultPort: UInt16) -> String? {
    let host: Substring
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { return nil }
      let address = authority[authority.index(after: authority.startIndex)..<end]
      guard address.contains(":"), IPAddress.bytes(of: String(address)) != nil else { return nil }
      host = authority[...end]
    } else {
      host = authority.prefix { $0 != ":" }
      let name = String(host.hasSuffix(".") ? host.dropLast() : host)
      guard HostName.isValid(name) || IPAddress.bytes(of: name) != nil else { return nil }
    }
    let rest = authority[host.endIndex...]
    guard !rest.isEmpty else { return String(host) }
    let digits = rest.dropFirst()
    guard rest.hasPrefix(":"), digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      return nil
    }
    guard !digits.isEmpty else { return String(host) }
    guard let port = UInt16(digits) else { return nil }
    return port == defaultPort ? String(host) : "\(host):\(port)"
  }

  /// Nil for what may not stand in a path, a query or a fragment's start among it.
  private static func decodeUnreserved(_ path: Substring) -> String? {
    var result: [UInt8] = []
    var bytes = Array(path.utf8)[...]
    while let byte = bytes.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        guard isUnreserved(byte) || "!$&'()*+,;=:@/".utf8.contains(byte) else { return nil }
        result.append(byte)
        continue
      }
      guard let high = bytes.popFirst().flatMap(digit), let low = bytes.popFirst().flatMap(digit) else { return nil }
      let value = high << 4 | low
      if isUnreserved(value) {
        result.append(value)
      } else {
        result.append(
          contentsOf: "%\(String(high, radix: 16, uppercase: true))\(String(low, radix: 16, uppercase: true))".utf8)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
      true
    default: false
    }
  }

  /// RFC 3986 section 5.2.4, for a path that begins with `/` or is empty.
  private static func removeDotSegments(_ path: String) -> String {
    var output: [Substring] = []
    let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    for (index, segment) in segments.enumerated() {
      let isLast = index == segments.count - 1
      switch segment {
      case ".": if isLast { output.append("") }
      case "..":
        _ = output.popLast()
        if isLast { output.append("") }
      default: output.append(segment)
      }
    }
    return "/" + output.joined(separator: "/")
  }
}
