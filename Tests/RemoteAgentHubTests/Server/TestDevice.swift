import RemoteAgentCore
import RemoteAgentHub
import RemoteAgentProcess
import RemoteAgentTLS

/// A device with a key, that may be paired with a hub.
struct TestDevice: Sendable {
  let key: ES256PrivateKey
  var nonce: String?
  var clientId = ""
  var refreshToken = ""
  var accessToken = ""

  init() throws {
    key = try ES256PrivateKey.generate()
  }

  /// A proof; what is nil is as it should be.
  func proof(
    _ hub: TestHub, _ method: String, _ path: String, token: String?, nonce: String? = nil, url: String? = nil,
    jti: String? = nil
  ) throws -> String {
    try DPoPProof.make(
      key: key, method: method, url: url ?? hub.running.url + path, issuedAt: WallClock.now / 1_000,
      nonce: nonce ?? self.nonce, accessToken: token, jti: jti ?? Base64.encodeURL(SecureRandom.bytes(12)))
  }

  func headers(_ hub: TestHub, _ method: String, _ path: String, token: String?) throws -> [(String, String)] {
    let proof = ("DPoP", try proof(hub, method, path, token: token))
    return token.map { [proof, ("Authorization", "DPoP \($0)")] } ?? [proof]
  }

  /// A request as it should be, with a fresh nonce.
  mutating func ask(
    _ hub: TestHub, _ method: String, _ path: String, token: String?, body: String? = nil
  ) async throws -> TestAnswer {
    if nonce == nil { nonce = try await hub.ask("GET", "/nothing").nonce }
    let answer = try await hub.ask(method, path, headers: headers(hub, method, path, token: token), body: body)
    nonce = answer.nonce
    return answer
  }

  mutating func pair(_ hub: TestHub, code: String? = nil) async throws -> TestAnswer {
    var code = code
    if code == nil { code = try await hub.running.store.createPairingCode(now: hub.skew.clock.wall()).code }
    let body: JSON = ["code": .string(code ?? ""), "label": "test", "platform": "linux-x86_64"]
    let answer = try await ask(hub, "POST", "/api/clients/pair", token: nil, body: body.text)
    if answer.status == 201 {
      clientId = answer.json["clientId"]?.string ?? ""
      refreshToken = answer.json["refreshToken"]?.string ?? ""
      accessToken = answer.json["accessToken"]?.string ?? ""
    }
    return answer
  }

  static func paired(with hub: TestHub) async throws -> TestDevice {
    var device = try TestDevice()
    let answer = try await device.pair(hub)
    guard answer.status == 201 else { throw TestFailure("pairing: \(answer.status) \(answer.code ?? "")") }
    return device
  }

  mutating func sessionToken(_ hub: TestHub) async throws -> String {
    let answer = try await ask(hub, "POST", "/api/clients/session", token: refreshToken, body: "{}")
    guard let token = answer.json["sessionToken"]?.string else { throw TestFailure("session: \(answer.code ?? "")") }
    return token
  }

  func upgradeHeaders(_ hub: TestHub, token: String) throws -> [(String, String)] {
    try headers(hub, "GET", "/api/clients/stream", token: token) + [
      ("Connection", "keep-alive, Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
      ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Protocol", "remote-agent.v1"),
    ]
  }

  /// An open stream, before its hello.
  mutating func stream(_ hub: TestHub) async throws -> TestStream {
    let token = try await sessionToken(hub)
    let connection = try await TestConnection.open(to: hub)
    try await connection.request("GET", "/api/clients/stream", headers: upgradeHeaders(hub, token: token))
    let answer = try await connection.answer()
    guard answer.status == 101 else { throw TestFailure("upgrade: \(answer.status) \(answer.code ?? "")") }
    nonce = answer.nonce
    return TestStream(connection)
  }
}
