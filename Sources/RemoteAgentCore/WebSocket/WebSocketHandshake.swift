/// The opening handshake (RFC 6455 section 4): what the headers say and how they are checked.
///
/// HTTP is the caller's. Headers are looked up by a function that gives all values of a field by its name in lower case,
/// in order, empty if there are none.
package enum WebSocketHandshake {
  package typealias Lookup = (_ name: String) -> [String]

  /// The subprotocol of PROTOCOL section 4.
  package static let subprotocol = "remote-agent.v1"

  /// What a client asks for.
  package struct Request: Sendable, Equatable {
    /// The value of `Sec-WebSocket-Key`.
    package let key: String
    /// In the client's order of preference.
    package let subprotocols: [String]
  }

  /// A value of `Sec-WebSocket-Key`.
  ///
  /// - Parameter random: 16 bytes, chosen at random for each connection.
  package static func key(random: [UInt8]) -> String {
    precondition(random.count == 16)
    return Base64.encode(random)
  }

  /// The value of `Sec-WebSocket-Accept` that answers `key`.
  package static func accept(forKey key: String) -> String {
    Base64.encode(SHA1.hash(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
  }

  /// The fields of a client's request, besides `Host` and its own.
  package static func requestFields(key: String, subprotocol: String? = nil) -> [(name: String, value: String)] {
    [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", key)]
      + (subprotocol.map { [("Sec-WebSocket-Protocol", $0)] } ?? [])
  }

  /// The fields of a server's answer, whose status is 101.
  package static func responseFields(forKey key: String, subprotocol: String? = nil) -> [(name: String, value: String)]
  {
    [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept(forKey: key))]
      + (subprotocol.map { [("Sec-WebSocket-Protocol", $0)] } ?? [])
  }

  /// Checks a server's answer to a request with `key`, no extensions and the one `subprotocol`, or none if that is nil.
  package static func checkResponse(
    status: Int, key: String, subprotocol: String?, header: Lookup
  ) throws(WebSocketHandshakeError) {
    guard status == 101 else { throw .status(status) }
    let upgrade = header("upgrade")
    guard upgrade.count == 1, trimmed(upgrade[0][...]).lowercased() == "websocket" else { throw .upgrade }
    guard tokens(header("connection")).contains(where: { $0.lowercased() == "upgrade" }) else { throw .connection }
    guard header("sec-websocket-accept").map({ trimmed($0[...]) }) == [accept(forKey: key)] else { throw .accept }
    guard header("sec-websocket-protocol").map({ trimmed($0[...]) }) == (subprotocol.map { [$0] } ?? []) else {
      throw .subprotocol
    }
    guard tokens(header("sec-websocket-extensions")).isEmpty else { throw .extensions }
  }

  /// Checks a client's request; its extensions are not looked at, since none is ever accepted.
  package static func checkRequest(method: String, header: Lookup) throws(WebSocketRefusal) -> Request {
    guard method == "GET" else { throw .method }
    guard tokens(header("upgrade")).contains(where: { $0.lowercased() == "websocket" }),
      tokens(header("connection")).contains(where: { $0.lowercased() == "upgrade" })
    else { throw .notAnUpgrade }
    guard header("sec-websocket-version").map({ trimmed($0[...]) }) == ["13"] else { throw .version }
    let keys = header("sec-websocket-key").map { trimmed($0[...]) }
    guard keys.count == 1, Base64.decode(keys[0])?.count == 16 else { throw .key }
    return Request(key: keys[0], subprotocols: tokens(header("sec-websocket-protocol")))
  }

  /// The elements of a comma-separated list (RFC 9110 section 5.6.1), without the empty ones.
  private static func tokens(_ values: [String]) -> [String] {
    values.flatMap { $0.split(separator: ",") }.map(trimmed).filter { !$0.isEmpty }
  }

  private static func trimmed(_ text: Substring) -> String {
    let start = text.utf8.drop { $0 == 0x20 || $0 == 0x09 }
    let kept = start.reversed().drop { $0 == 0x20 || $0 == 0x09 }.reversed()
    return String(decoding: Array(kept), as: UTF8.self)
  }
}
