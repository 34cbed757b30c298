import RemoteAgentCore

/// A proof of possession of a key for one request (RFC 9449), in the profile of PROTOCOL section 3: ES256 alone, and `iat`
/// is not looked at, since a device's clock may be wrong and the nonce tells freshness.
package struct DPoPProof: Sendable {
  package static let maximumLength = 4096
  package static let maximumIdentifierLength = 128

  package let key: ES256PublicKey
  package let identifier: String
  private let method: String
  private let url: String
  private let nonce: String?
  private let tokenHash: String?

  /// Makes a proof.
  ///
  /// - Parameters:
  ///   - url: without query and fragment.
  ///   - issuedAt: Unix seconds.
  ///   - accessToken: the token that is presented beside it, if one is.
  ///   - jti: unique among this key's proofs, at most 128 bytes.
  package static func make(
    key: ES256PrivateKey, method: String, url: String, issuedAt: Int64, nonce: String?, accessToken: String?,
    jti: String
  ) throws(CryptoError) -> String {
    let header: JSON = ["typ": "dpop+jwt", "alg": "ES256", "jwk": key.publicKey.jwk]
    var claims: [JSON.Member] = [
      .init("jti", .string(jti)), .init("htm", .string(method)), .init("htu", .string(url)),
      .init("iat", .integer(issuedAt)),
    ]
    if let nonce { claims.append(.init("nonce", .string(nonce))) }
    if let accessToken { claims.append(.init("ath", .string(Base64.encodeURL(SHA256.hash(accessToken))))) }
    let signed = Base64.encodeURL(header.serialized()) + "." + Base64.encodeURL(JSON.object(claims).serialized())
    return signed + "." + Base64.encodeURL(try key.sign(Array(signed.utf8)))
  }

  /// Reads a proof and checks its form and signature.
  package init(parsing text: String) throws(DPoPError) {
    guard text.utf8.count <= DPoPProof.maximumLength else { throw .malformed("over \(DPoPProof.maximumLength) bytes") }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3 else { throw .malformed("not three parts") }
    let header = try DPoPProof.object(parts[0], "header")
    let claims = try DPoPProof.object(parts[1], "claims")
    guard header["typ"]?.string == "dpop+jwt" else { throw .malformed("typ must be dpop+jwt") }
    guard header["alg"]?.string == "ES256" else { throw .malformed("alg must be ES256") }
    // RFC 7515 section 4.1.11: extensions that must be understood; none is.
    guard header["crit"] == nil else { throw .malformed("crit names extensions") }
    key = try DPoPProof.key(header["jwk"])
    guard let jti = claims["jti"]?.string, (1...DPoPProof.maximumIdentifierLength).contains(jti.utf8.count) else {
      throw .malformed("jti must have 1 to \(DPoPProof.maximumIdentifierLength) bytes")
    }
    guard let htm = claims["htm"]?.string else { throw .malformed("htm is missing") }
    guard let htu = claims["htu"]?.string else { throw .malformed("htu is missing") }
    guard case .number? = claims["iat"] else { throw .malformed("iat is missing") }
    for name in ["nonce", "ath"] where claims[name] != nil && claims[name]?.string == nil {
      throw .malformed("\(name) must be a string")
    }
    guard let signature = Base64.decodeURL(String(parts[2])), signature.count == 64 else {
      throw .malformed("the signature must be 64 bytes, base64url")
    }
    guard key.isValid(signature: signature, for: Array("\(parts[0]).\(parts[1])".utf8)) else { throw .badSignature }
    identifier = jti
    method = htm
    url = htu
    nonce = claims["nonce"]?.string
    tokenHash = claims["ath"]?.string
  }

  /// Checks method, URL, nonce and token, in that order. That the proof is new, and the token good, is the hub's to see.
  ///
  /// - Parameters:
  ///   - urls: the URLs under which this request may be made, normalised.
  ///   - isFresh: whether a nonce is one that was given out and is still good.
  ///   - token: the token that was presented, if one was.
  package func verify(
    method: String, urls: [String], isFresh: (String) -> Bool, token: String?
  ) throws(DPoPError) {
    guard self.method == method else { throw .wrongMethod }
    guard let normalised = HTTPURL.normalise(url), urls.contains(normalised) else { throw .wrongURL }
    guard let nonce, isFresh(nonce) else { throw .nonceNeeded }
    guard let token else {
      guard tokenHash == nil else { throw .wrongToken }
      return
    }
    guard let tokenHash, constantTimeEquals(Array(tokenHash.utf8), Array(Base64.encodeURL(SHA256.hash(token)).utf8))
    else { throw .wrongToken }
  }

  private static func object(_ part: Substring, _ name: String) throws(DPoPError) -> JSON {
    guard let bytes = Base64.decodeURL(String(part)), let json = try? JSON(parsing: bytes, maximumDepth: 8),
      json.members != nil
    else { throw .malformed("the \(name) is no JSON object in base64url") }
    guard isEachOnce(json) else { throw .malformed("a member of the \(name) stands twice") }
    return json
  }

  private static func isEachOnce(_ object: JSON) -> Bool {
    guard let members = object.members else { return true }
    return Set(members.map(\.name)).count == members.count
  }

  private static func key(_ jwk: JSON?) throws(DPoPError) -> ES256PublicKey {
    guard let jwk, jwk["kty"]?.string == "EC", jwk["crv"]?.string == "P-256" else {
      throw .malformed("jwk must be a P-256 key")
    }
    guard jwk["d"] == nil else { throw .malformed("jwk holds a private key") }
    guard isEachOnce(jwk) else { throw .malformed("a member of jwk stands twice") }
    guard let x = jwk["x"]?.string.flatMap(Base64.decodeURL), let y = jwk["y"]?.string.flatMap(Base64.decodeURL),
      let key = try? ES256PublicKey(x: x, y: y)
    else { throw .malformed("jwk is no point of P-256") }
    return key
  }
}
