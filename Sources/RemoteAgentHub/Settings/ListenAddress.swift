/// Where the hub listens: `HOST:PORT`, `[IPV6]:PORT`; port 0 lets the system choose.
package struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
  package let host: String
  package let port: Int

  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// Nil if the text is not of that form.
  package init?(_ text: String) {
    let host: Substring
    let rest: Substring
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      host = text[text.index(after: text.startIndex)..<end]
      guard host.contains(":") else { return nil }
      rest = text[text.index(after: end)...]
    } else {
      guard let colon = text.lastIndex(of: ":") else { return nil }
      host = text[..<colon]
      guard !host.contains(":") else { return nil }
      rest = text[colon...]
    }
    let allowed = host.unicodeScalars.allSatisfy { scalar in
      scalar.isASCII
        && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
          || ".-:_".unicodeScalars.contains(scalar))
    }
    guard !host.isEmpty, allowed, rest.first == ":", rest.dropFirst().allSatisfy(\.isNumber), rest.count <= 6,
      let port = Int(rest.dropFirst()), port <= 65_535
    else { return nil }
    self.init(host: String(host), port: port)
  }

  package var description: String { "\(Self.literal(host)):\(port)" }

  /// Whether only this machine reaches it.
  package var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

  /// Whether it takes connections on every address of the machine.
  package var isWildcard: Bool { host == "0.0.0.0" || host == "::" }

  /// A host as it stands in a URL.
  package static func literal(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }
}
