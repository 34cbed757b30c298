import RemoteAgentCore

/// Absolute `http` and `https` URLs, compared as RFC 9449 section 4.3 wants it.
package enum HTTPURL {
  /// The URL after syntax- and scheme-based normalisation (RFC 3986 sections 6.2.2 and 6.2.3): scheme and host in lower
  /// case, the default port left out, percent-encoding of unreserved characters undone and its digits in upper case, dot
  /// segments removed, an empty path made `/`. Nil if it is no such URL or has a user, a query or a fragment.
  package static func normalise(_ url: String) -> String? {
    guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let separator = url.firstRange(of: "://") else { return nil }
    let scheme = url[..<separator.lowerBound].lowercased()
    guard scheme == "https" || scheme == "http" else { return nil }
    let rest = url[separator.upperBound...]
    guard !rest.contains(where: { $0 == "?" || $0 == "#" || $0 == "\\" }) else { return nil }
    let pathStart = rest.firstIndex(of: "/") ?? rest.endIndex
    let authority = rest[..<pathStart].lowercased()
    guard !authority.isEmpty, !authority.contains("@") else { return nil }
    guard let path = decodeUnreserved(rest[pathStart...]) else { return nil }
    let defaultPort = scheme == "https" ? ":443" : ":80"
    var host = authority[...]
    if host.hasSuffix(defaultPort) {
      host = host.dropLast(defaultPort.count)
    } else if host.hasSuffix(":") {
      host = host.dropLast()
    }
    guard !host.isEmpty else { return nil }
    return "\(scheme)://\(host)\(removeDotSegments(path))"
  }

  private static func decodeUnreserved(_ path: Substring) -> String? {
    var result: [UInt8] = []
    var bytes = Array(path.utf8)[...]
    while let byte = bytes.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        result.append(byte)
        continue
      }
      guard bytes.count >= 2, let value = UInt8(String(decoding: bytes.prefix(2), as: UTF8.self), radix: 16),
        bytes.first != UInt8(ascii: "+"), bytes.first != UInt8(ascii: "-")
      else { return nil }
      bytes.removeFirst(2)
      if isUnreserved(value) {
        result.append(value)
      } else {
        let digits = String(value, radix: 16, uppercase: true)
        result.append(contentsOf: "%\(digits.count == 1 ? "0" : "")\(digits)".utf8)
      }
    }
    return String(decoding: result, as: UTF8.self)
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
