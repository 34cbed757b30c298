package import RemoteAgentCore
import RemoteAgentProcess
package import RemoteAgentTLS

/// Who asks, and whom: what every device request is made from.
package struct DeviceIdentity: Sendable {
  package let hub: HubURL
  /// On the way to the hub; nil: none.
  package let proxy: Proxy?
  package let key: ES256PrivateKey
  /// `ra-tunnel/0.1.0`
  package let tool: String

  package init(hub: HubURL, proxy: Proxy? = nil, key: ES256PrivateKey, tool: String) {
    self.hub = hub
    self.proxy = proxy
    self.key = key
    self.tool = tool
  }

  /// A proof of possession for one request (PROTOCOL section 3).
  ///
  /// - Parameter token: the token that is presented, if one is.
  package func proof(method: String, path: String, nonce: String?, token: String?) throws(ClientError) -> String {
    do {
      return try DPoPProof.make(
        key: key, method: method, url: hub.url(path), issuedAt: WallClock.now / 1000, nonce: nonce, accessToken: token,
        jti: Base64.encodeURL(SecureRandom.bytes(16)))
    } catch {
      throw .refused("signing a proof: \(error)")
    }
  }
}

/// One request of a device, sent again once if the hub asks for its nonce.
package struct DeviceRequest: Sendable {
  package static let streamPath = "/api/clients/stream"

  let identity: DeviceIdentity
  let method: String
  let path: String
  let token: String?
  let body: Body?
  let headers: [(name: String, value: String)]
  private var isRepeated = false

  package init(
    _ identity: DeviceIdentity, _ method: String, _ path: String, token: String? = nil, body: JSON? = nil,
    headers: [(name: String, value: String)] = []
  ) {
    self.identity = identity
    self.method = method
    self.path = path
    self.token = token
    self.body = body.map(Body.json)
    self.headers = headers
  }

  /// A POST of OAuth's (RFC 6749, RFC 8628), whose errors are those of RFC 6749 section 5.2.
  package init(_ identity: DeviceIdentity, _ path: String, form: [(name: String, value: String)]) {
    self.identity = identity
    method = "POST"
    self.path = path
    token = nil
    body = .form(form)
    headers = []
  }

  enum Body: Sendable {
    case json(JSON)
    case form([(name: String, value: String)])

    var type: String {
      switch self {
      case .json: "application/json"
      case .form: "application/x-www-form-urlencoded"
      }
    }

    var bytes: [UInt8] {
      switch self {
      case .json(let json): json.serialized()
      case .form(let fields): FormEncoding.encode(fields)
      }
    }
  }

  /// The request's bytes, with a fresh proof.
  package func bytes(nonce: String?) throws(ClientError) -> [UInt8] {
    let proof = try identity.proof(method: method, path: path, nonce: nonce, token: token)
    var head = "\(method) \(path) HTTP/1.1\r\nHost: \(identity.hub.authority)\r\nUser-Agent: \(identity.tool)\r\n"
    head += "DPoP: \(proof)\r\n"
    if let token { head += "Authorization: DPoP \(token)\r\n" }
    for header in headers { head += "\(header.name): \(header.value)\r\n" }
    let content = body?.bytes
    if let body, let content {
      head += "Content-Type: \(body.type)\r\nContent-Length: \(content.count)\r\n"
    }
    head += "\r\n"
    return Array(head.utf8) + (content ?? [])
  }

  package enum Answer: Sendable {
    /// Send the request again, with this nonce.
    case again(nonce: String)
    case final(HTTPResponse)
  }

  /// What a response means for this request.
  package mutating func received(_ response: HTTPResponse) -> Answer {
    guard !isRepeated, let nonce = response.header("dpop-nonce"), wantsNonce(response) else { return .final(response) }
    isRepeated = true
    return .again(nonce: nonce)
  }

  /// RFC 9449: 400 where tokens are given out (section 8), 401 where they are shown (section 9).
  private func wantsNonce(_ response: HTTPResponse) -> Bool {
    let status =
      switch body {
      case .form?: 400
      case .json?, nil: 401
      }
    return response.status == status && Problem(response).code == "use_dpop_nonce"
  }
}
