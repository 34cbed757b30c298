package import RemoteAgentCore
import RemoteAgentProcess
import RemoteAgentTLS

/// What is said over HTTP until the stream is open (PROTOCOL sections 3 and 4), on one connection, without I/O:
///
///     POST /api/clients/session ──(nonce, once)──► token ──► GET /api/clients/stream ──(nonce, once)──► 101
package struct StreamOpening: Sendable {
  package enum Step: Sendable {
    case send([UInt8])
    /// The WebSocket is open; what the reader has left belongs to it.
    case opened(SessionToken)
  }

  /// A session token as the hub granted it.
  package struct SessionToken: Sendable {
    package let token: String
    /// How long it lives, in milliseconds from its arrival.
    package let life: Milliseconds
    /// The newest nonce the hub gave.
    package let nonce: String?
  }

  /// More seconds than this are taken as this, so that no hub's number overflows.
  private static let longestLife: Int64 = 1 << 40

  private let identity: DeviceIdentity
  private let webSocketKey: String
  private var request: DeviceRequest
  private var granted: SessionToken?

  package init(identity: DeviceIdentity, refreshToken: String, webSocketKey: String) {
    self.identity = identity
    self.webSocketKey = webSocketKey
    request = StreamOpening.sessionRequest(identity: identity, refreshToken: refreshToken)
  }

  /// The request for a session token.
  package static func sessionRequest(identity: DeviceIdentity, refreshToken: String) -> DeviceRequest {
    DeviceRequest(identity, "POST", "/api/clients/session", token: refreshToken, body: [:])
  }

  /// The first bytes to send.
  package func begin() throws(ClientError) -> [UInt8] { try request.bytes(nonce: nil) }

  /// Whether the token was granted.
  package var hasToken: Bool { granted != nil }

  package mutating func received(_ response: HTTPResponse) throws(ClientError) -> Step {
    switch request.received(response) {
    case .again(let nonce): return .send(try request.bytes(nonce: nonce))
    case .final(let response):
      if let granted { return try upgraded(response, token: granted) }
      let token = try StreamOpening.sessionToken(in: response)
      granted = token
      request = DeviceRequest(
        identity, "GET", DeviceRequest.streamPath, token: token.token,
        headers: WebSocketHandshake.requestFields(key: webSocketKey, subprotocol: WebSocketHandshake.subprotocol))
      guard response.keepsAlive else { throw .unreachable("opening the stream: the hub closed the connection") }
      return .send(try request.bytes(nonce: token.nonce))
    }
  }

  /// Reads the answer to `sessionRequest`.
  package static func sessionToken(in response: HTTPResponse) throws(ClientError) -> SessionToken {
    guard response.status == 200 else { throw Problem(response).error("getting a session token") }
    guard let json = try? JSON(parsing: response.body), let token = json["sessionToken"]?.string else {
      throw .refused("getting a session token: the answer is not a hub's")
    }
    // `expiresIn` is what a device schedules by, since its clock may be wrong.
    let life =
      json["expiresIn"]?.integer.map { min(max($0, 0), StreamOpening.longestLife) * 1000 }
      ?? json["expiresAt"]?.integer.map { max($0, 0) - WallClock.now }
    return SessionToken(token: token, life: max(life ?? 60_000, 1000), nonce: response.header("dpop-nonce"))
  }

  private func upgraded(_ response: HTTPResponse, token: SessionToken) throws(ClientError) -> Step {
    guard response.status == 101 else { throw Problem(response).error("opening the stream") }
    do {
      try WebSocketHandshake.checkResponse(
        status: response.status, key: webSocketKey, subprotocol: WebSocketHandshake.subprotocol,
        header: response.headers(named:))
    } catch {
      throw .refused("opening the stream: \(error)")
    }
    return .opened(
      SessionToken(token: token.token, life: token.life, nonce: response.header("dpop-nonce") ?? token.nonce))
  }
}
