import RemoteAgentCore
import RemoteAgentTLS

/// An HTTP proxy on the way to the hub: `http://[USER[:PASSWORD]@]HOST[:PORT]`. What it is asked is CONNECT; TLS goes through.
package struct Proxy: Sendable, Equatable {
  package let host: String
  package let port: UInt16
  /// `Basic …`; a secret, never shown.
  private let authorization: String?

  /// Reads a proxy's URL; a scheme that is left out is http, the port then too is 1080, as curl has it.
  ///
  /// - Parameters:
  ///   - source: what gave it (`HTTPS_PROXY`, `--proxy`): errors name it and never the text, which may hold a password.
  ///   - allowsUser: whether a name and password may stand in it; not in an argument, which others can see.
  package init(_ text: String, source: String, allowsUser: Bool) throws(ClientError) {
    func refusal(_ why: String) -> ClientError { .badURL(source, why) }
    var rest = text[...]
    if let separator = text.firstRange(of: "://") {
      let scheme = text[..<separator.lowerBound].lowercased()
      guard scheme == "http" else {
        throw refusal(
          scheme == "https" || scheme.hasPrefix("socks")
            ? "\(scheme) proxies are not supported, only http" : "the scheme must be http")
      }
      rest = text[separator.upperBound...]
    }
    if rest.last == "/" { rest.removeLast() }
    var user: Substring?
    if let at = rest.lastIndex(of: "@") {
      user = rest[..<at]
      rest = rest[rest.index(after: at)...]
    }
    guard user == nil || allowsUser else {
      throw refusal("a name and password in an argument can be seen by others: give them in HTTPS_PROXY")
    }
    let address: HubURL
    do {
      address = try HubURL("https://\(rest.contains(":") && rest.last != "]" ? String(rest) : "\(rest):1080")")
    } catch {
      throw refusal("only a host and a port may follow http://")
    }
    host = address.host
    port = address.port
    authorization = try user.map { (user) throws(ClientError) in
      guard let decoded = Proxy.percentDecoded(user), !decoded.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
        throw refusal("its name and password can't be read")
      }
      return "Basic " + Base64.encode(decoded.contains(UInt8(ascii: ":")) ? decoded : decoded + [UInt8(ascii: ":")])
    }
  }

  /// `HOST:PORT`
  package var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// The request that opens the way to a hub.
  func request(for hub: HubURL) -> [UInt8] {
    let target = hub.host.contains(":") ? "[\(hub.host)]:\(hub.port)" : "\(hub.host):\(hub.port)"
    var head = "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n"
    if let authorization { head += "Proxy-Authorization: \(authorization)\r\n" }
    return Array("\(head)\r\n".utf8)
  }

  private static func percentDecoded(_ text: Substring) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let high = Character(UnicodeScalar(rest.removeFirst())).hexDigitValue,
        let low = Character(UnicodeScalar(rest.removeFirst())).hexDigitValue
      else { return nil }
      bytes.append(UInt8(high << 4 | low))
    }
    return bytes
  }
}

extension Proxy {
  /// The proxy for a hub by `--proxy` (empty: none), else `HTTPS_PROXY`, else `ALL_PROXY` if it is http, unless `NO_PROXY` names the
  /// hub. As in curl, the lower-case variable wins, and localhost is no exception.
  package static func chosen(
    for hub: HubURL, option: String?, environment: [String: String]
  ) throws(ClientError) -> Proxy? {
    if let option {
      return option.isEmpty ? nil : try Proxy(option, source: "--proxy", allowsUser: false)
    }
    func variable(_ name: String) -> (name: String, value: String)? {
      for name in [name.lowercased(), name] {
        if let value = environment[name], !value.isEmpty { return (name, value) }
      }
      return nil
    }
    if let exceptions = variable("NO_PROXY"), excludes(exceptions.value, hub) { return nil }
    if let found = variable("HTTPS_PROXY") { return try Proxy(found.value, source: found.name, allowsUser: true) }
    guard let found = variable("ALL_PROXY"),
      !found.value.contains("://") || found.value.lowercased().hasPrefix("http://")
    else { return nil }
    return try Proxy(found.value, source: found.name, allowsUser: true)
  }

  /// Whether a `NO_PROXY` names the hub: `*`, names and their subdomains, addresses, CIDR, each with a port or without.
  static func excludes(_ list: String, _ hub: HubURL) -> Bool {
    let host = hub.host.last == "." ? String(hub.host.dropLast()) : hub.host
    let address = IPAddress.bytes(of: host)
    for entry in list.split(whereSeparator: { $0 == "," || $0 == " " || $0 == "\t" }) {
      if entry == "*" { return true }
      var name = entry.lowercased()[...]
      if let colon = name.lastIndex(of: ":"), name.first == "[" || name.firstIndex(of: ":") == colon,
        let port = UInt16(name[name.index(after: colon)...])
      {
        guard port == hub.port else { continue }
        name = name[..<colon]
      }
      if name.first == "[", name.last == "]" { name = name.dropFirst().dropLast() }
      if name.last == "." { name.removeLast() }
      if let address {
        if contains(name, address) { return true }
      } else {
        if name.first == "." { name.removeFirst() }
        if !name.isEmpty, host == name || host.hasSuffix(".\(name)") { return true }
      }
    }
    return false
  }

  private static func contains(_ range: Substring, _ address: [UInt8]) -> Bool {
    let parts = range.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let network = IPAddress.bytes(of: String(parts[0])), network.count == address.count else {
      return false
    }
    guard parts.count == 2 else { return network == address }
    guard let bits = UInt8(parts[1]), Int(bits) <= network.count * 8 else { return false }
    return IPAddress.agree(network, address, bits: Int(bits))
  }
}
