/// Where a hub is: `https://HOST[:PORT]`, and nothing more.
package struct HubURL: Sendable, Equatable {
  /// A name or an address; an IPv6 address without its brackets.
  package let host: String
  package let port: UInt16

  /// Reads what a person gave. Plain `http:` is refused, and so is a URL with user, path, query or fragment.
  package init(_ text: String) throws(ClientError) {
    guard let separator = text.firstRange(of: "://") else {
      throw .badURL(text, "it must begin with https://")
    }
    let scheme = text[..<separator.lowerBound].lowercased()
    guard scheme == "https" else {
      throw .badURL(text, scheme == "http" ? "plain http is refused, use https" : "the scheme must be https")
    }
    var authority = text[separator.upperBound...]
    if authority.last == "/" { authority.removeLast() }
    guard !authority.isEmpty, authority.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw .badURL(text, "the host is missing or is not ASCII")
    }
    guard !authority.contains(where: { "/?#@\\".contains($0) }) else {
      throw .badURL(text, "only a host and a port may follow https://")
    }
    var port = "443"[...]
    if authority.first == "[" {
      guard let end = authority.firstIndex(of: "]") else { throw .badURL(text, "']' is missing") }
      host = String(authority[authority.index(after: authority.startIndex)..<end]).lowercased()
      let rest = authority[authority.index(after: end)...]
      if !rest.isEmpty {
        guard rest.first == ":" else { throw .badURL(text, "':' is missing before the port") }
        port = rest.dropFirst()
      }
    } else {
      let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count <= 2 else { throw .badURL(text, "an IPv6 address needs brackets") }
      host = parts[0].lowercased()
      if parts.count == 2 { port = parts[1] }
    }
    guard !host.isEmpty else { throw .badURL(text, "the host is missing") }
    guard let number = UInt16(port), number > 0 else { throw .badURL(text, "the port is not a number from 1 to 65535") }
    self.port = number
  }

  /// `HOST[:PORT]` as in a `Host` header: without the default port.
  package var authority: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return port == 443 ? name : "\(name):\(port)"
  }

  package var description: String { "https://\(authority)" }

  /// The absolute URL of a path on the hub.
  package func url(_ path: String) -> String { "https://\(authority)\(path)" }
}
