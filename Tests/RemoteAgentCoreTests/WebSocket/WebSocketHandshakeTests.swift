import RemoteAgentCore
import Testing

struct WebSocketHandshakeTests {
  private static let key = "dGhlIHNhbXBsZSBub25jZQ=="
  private static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

  private static let answer = [
    "upgrade": ["websocket"], "connection": ["Upgrade"], "sec-websocket-accept": [accept],
  ]
  private static let request = [
    "upgrade": ["websocket"], "connection": ["Upgrade"], "sec-websocket-version": ["13"], "sec-websocket-key": [key],
  ]

  @Test func `the key is base64 of 16 bytes, and the answer to it is RFC 6455's`() {
    #expect(WebSocketHandshake.key(random: Array("the sample nonce".utf8)) == Self.key)
    #expect(WebSocketHandshake.accept(forKey: Self.key) == Self.accept)
  }

  private static func check(
    _ changes: [String: [String]] = [:], status: Int = 101, subprotocol: String? = nil
  ) throws(WebSocketHandshakeError) {
    let headers = answer.merging(changes) { $1 }
    try WebSocketHandshake.checkResponse(status: status, key: key, subprotocol: subprotocol) { headers[$0] ?? [] }
  }

  @Test(arguments: [
    [:], ["upgrade": ["WebSocket"]], ["connection": ["keep-alive, uPGRADE"]],
    ["connection": ["keep-alive", " Upgrade\t"]],
    ["sec-websocket-accept": [" \(accept) "]], ["sec-websocket-extensions": [" , "]],
  ])
  func `an answer may be written in many ways`(changes: [String: [String]]) throws {
    try Self.check(changes)
  }

  @Test(arguments: [
    (WebSocketHandshakeError.upgrade, ["upgrade": []]), (.upgrade, ["upgrade": ["h2c"]]),
    (.upgrade, ["upgrade": ["websocket", "websocket"]]), (.connection, ["connection": []]),
    (.connection, ["connection": ["close"]]), (.connection, ["connection": ["not-upgrade"]]),
    (.accept, ["sec-websocket-accept": []]), (.accept, ["sec-websocket-accept": [accept, accept]]),
    (.accept, ["sec-websocket-accept": ["S3pPLMBiTxaQ9kYGzzhZRbK+xOo="]]),
    (.subprotocol, ["sec-websocket-protocol": ["chat"]]),
    (.extensions, ["sec-websocket-extensions": ["permessage-deflate"]]),
  ])
  func `a wrong answer is refused with what is wrong`(error: WebSocketHandshakeError, changes: [String: [String]]) {
    #expect(throws: error) { try Self.check(changes) }
  }

  @Test(arguments: [100, 200, 302, 401])
  func `another status is no handshake`(status: Int) {
    #expect(throws: WebSocketHandshakeError.status(status)) { try Self.check(status: status) }
  }

  @Test func `the subprotocol must be exactly the one asked for`() throws {
    try Self.check(["sec-websocket-protocol": ["remote-agent.v1"]], subprotocol: "remote-agent.v1")
    for values in [[], ["remote-agent.v2"], ["Remote-Agent.v1"], ["remote-agent.v1", "remote-agent.v1"]] {
      #expect(throws: WebSocketHandshakeError.subprotocol) {
        try Self.check(["sec-websocket-protocol": values], subprotocol: "remote-agent.v1")
      }
    }
  }

  private static func ask(
    _ changes: [String: [String]] = [:], method: String = "GET"
  ) throws(WebSocketRefusal) -> WebSocketHandshake.Request {
    let headers = request.merging(changes) { $1 }
    return try WebSocketHandshake.checkRequest(method: method) { headers[$0] ?? [] }
  }

  @Test func `a request gives its key and its subprotocols in order`() throws {
    let plain = try Self.ask()
    #expect(plain.key == Self.key)
    #expect(plain.subprotocols == [])
    let asked = try Self.ask([
      "sec-websocket-protocol": ["a, b", "c"], "connection": ["keep-alive, Upgrade"], "upgrade": ["WEBSOCKET"],
      "sec-websocket-extensions": ["permessage-deflate"],
    ])
    #expect(asked.subprotocols == ["a", "b", "c"])
  }

  @Test(arguments: [
    (WebSocketRefusal.notAnUpgrade, ["upgrade": []]), (.notAnUpgrade, ["upgrade": ["h2c"]]),
    (.notAnUpgrade, ["connection": ["close"]]), (.version, ["sec-websocket-version": []]),
    (.version, ["sec-websocket-version": ["8"]]), (.version, ["sec-websocket-version": ["13", "13"]]),
    (.key, ["sec-websocket-key": []]), (.key, ["sec-websocket-key": [key, key]]),
    (.key, ["sec-websocket-key": ["dGhlIHNhbXBsZSBub25jZ"]]), (.key, ["sec-websocket-key": ["AAAA"]]),
    (.key, ["sec-websocket-key": [""]]),
  ])
  func `a wrong request is refused with what is wrong`(refusal: WebSocketRefusal, changes: [String: [String]]) {
    #expect(throws: refusal) { try Self.ask(changes) }
  }

  @Test func `a refusal says what the client needs to know`() {
    #expect(throws: WebSocketRefusal.method) { try Self.ask(method: "POST") }
    #expect(WebSocketRefusal.version.status == 426)
    #expect(WebSocketRefusal.version.fields.contains { $0.name == "Sec-WebSocket-Version" && $0.value == "13" })
    #expect(WebSocketRefusal.method.status == 405)
    #expect(WebSocketRefusal.key.status == 400)
  }

  @Test func `what one end writes the other takes`() throws {
    func lookup(_ fields: [(name: String, value: String)]) -> (String) -> [String] {
      { name in fields.filter { $0.name.lowercased() == name }.map(\.value) }
    }
    let asked = WebSocketHandshake.requestFields(key: Self.key, subprotocol: "remote-agent.v1")
    let request = try WebSocketHandshake.checkRequest(method: "GET", header: lookup(asked))
    #expect(request.subprotocols == ["remote-agent.v1"])
    let answered = WebSocketHandshake.responseFields(forKey: request.key, subprotocol: "remote-agent.v1")
    try WebSocketHandshake.checkResponse(
      status: 101, key: Self.key, subprotocol: "remote-agent.v1", header: lookup(answered))
  }
}
