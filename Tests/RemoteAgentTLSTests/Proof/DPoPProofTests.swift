import RemoteAgentCore
import RemoteAgentTLS
import Testing

@Suite struct DPoPProofTests {
  private static let url = "https://hub.example/api/clients/session"

  @Test func `what a device makes the hub accepts`() throws {
    let key = try ES256PrivateKey.generate()
    let proof = try DPoPProof(
      parsing: DPoPProof.make(
        key: key, method: "POST", url: Self.url, issuedAt: 1, nonce: "n", accessToken: "token", jti: "one"))
    #expect(proof.key == key.publicKey)
    #expect(proof.identifier == "one")
    try proof.verify(
      method: "POST", urls: ["https://other.example/", Self.url], isFresh: { $0 == "n" }, token: "token")
  }

  @Test func `RFC 9449's own example is read`() throws {
    let proof = try DPoPProof(
      parsing:
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0"
        + "RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2"
        + "In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuI"
        + "iwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
    )
    #expect(proof.identifier == "-BwC3ESc6acc2lTc")
    #expect(proof.key.thumbprint == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")
    #expect(throws: DPoPError.nonceNeeded) {
      try proof.verify(method: "POST", urls: ["https://server.example.com/token"], isFresh: { _ in true }, token: nil)
    }
  }

  @Test func `RFC 9449's ath is its token's`() throws {
    let ath = "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"
    let proof = try DPoPProof(parsing: Draft().with(claim: "ath", .string(ath)).signed())
    try proof.verify(
      method: "GET", urls: ["https://h/"], isFresh: { _ in true },
      token: "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU")
  }

  @Test func `a draft of these tests is a good proof`() throws {
    try DPoPProof(parsing: Draft().signed()).verify(
      method: "GET", urls: ["https://h/"], isFresh: { $0 == "nonce" }, token: nil)
  }

  @Test(
    arguments: [
      ("typ", JSON.null), ("typ", "JWT"), ("typ", "DPOP+JWT"), ("alg", "none"), ("alg", "ES384"), ("alg", "HS256"),
      ("alg", .null),
      ("jwk", .null), ("jwk", "x"), ("jwk", [:]), ("crit", ["exp"]),
    ] as [(String, JSON)])
  func `a header other than ours is malformed`(name: String, value: JSON) throws {
    try expectMalformed(Draft().with(header: name, value).signed())
  }

  @Test(arguments: ["typ", "alg", "jwk"]) func `a header with a member missing is malformed`(name: String) throws {
    try expectMalformed(Draft().without(header: name).signed())
  }

  @Test(
    arguments: [
      ("d", JSON.string("AAAA")), ("d", .null), ("kty", "RSA"), ("kty", "oct"), ("crv", "P-384"), ("crv", .null),
      ("x", "AAAA"), ("x", ""),
      ("x", 1), ("y", .null), ("y", "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs="),
      ("y", "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs"),
    ] as [(String, JSON)])
  func `a jwk that is no public P-256 key is malformed`(name: String, value: JSON) throws {
    try expectMalformed(Draft().with(jwk: name, value).signed())
  }

  @Test(arguments: ["jti", "htm", "htu", "iat"]) func `a claim missing is malformed`(name: String) throws {
    try expectMalformed(Draft().without(claim: name).signed())
  }

  @Test(
    arguments: [
      ("jti", JSON.integer(1)), ("jti", ""), ("jti", .string(String(repeating: "j", count: 129))), ("htm", 1),
      ("htm", .null),
      ("htu", ["https://h/"]), ("iat", "1"), ("iat", .null), ("nonce", 1), ("nonce", .null), ("ath", 1), ("ath", .null),
    ] as [(String, JSON)])
  func `a claim of the wrong kind is malformed`(name: String, value: JSON) throws {
    try expectMalformed(Draft().with(claim: name, value).signed())
  }

  @Test func `a jti of 128 bytes is the longest`() throws {
    let jti = String(repeating: "é", count: 64)
    #expect(try DPoPProof(parsing: Draft().with(claim: "jti", .string(jti)).signed()).identifier == jti)
  }

  @Test func `the clock of a device is not looked at`() throws {
    for iat in [JSON.number("0"), .number("-5"), .number("1e30"), .number("1.5")] {
      _ = try DPoPProof(parsing: Draft().with(claim: "iat", iat).signed())
    }
  }

  @Test func `members and claims that nobody knows are ignored`() throws {
    let draft = try Draft().with(header: "kid", "k").with(claim: "exp", 1).with(jwk: "use", "sig")
    _ = try DPoPProof(parsing: draft.signed())
  }

  @Test func `a member that stands twice is malformed`() throws {
    var draft = try Draft()
    draft.header.append(.init("alg", "none"))
    try expectMalformed(draft.signed())
    draft = try Draft()
    draft.claims.append(.init("htm", "POST"))
    try expectMalformed(draft.signed())
    draft = try Draft()
    draft.jwk.append(.init("x", "AAAA"))
    try expectMalformed(draft.signed())
  }

  @Test func `4096 bytes are the most`() throws {
    // Base64 has 4 symbols for 3 bytes, so that not every length can be met; the next shorter one is.
    let bare = try Draft().with(claim: "pad", "").signed().utf8.count
    var pad = (4096 - bare) * 3 / 4
    var text = try Draft().with(claim: "pad", .string(String(repeating: "p", count: pad))).signed()
    while text.utf8.count > 4096 {
      pad -= 1
      text = try Draft().with(claim: "pad", .string(String(repeating: "p", count: pad))).signed()
    }
    #expect(text.utf8.count >= 4093)
    _ = try DPoPProof(parsing: text)
    let longer = try Draft().with(claim: "pad", .string(String(repeating: "p", count: pad + 4))).signed()
    #expect(throws: DPoPError.malformed("over 4096 bytes")) { try DPoPProof(parsing: longer) }
  }

  @Test func `a text that is not three parts of base64url is malformed`() throws {
    let text = try Draft().signed()
    let parts = text.split(separator: ".").map(String.init)
    let wrong = [
      "", ".", "..", "...", "a.b.c", parts[0], "\(parts[0]).\(parts[1])", text + ".", "." + text, text + ".x",
      text + "=", text + " ",
      " " + text, "\(parts[0])=.\(parts[1]).\(parts[2])", "\(parts[0]).\(parts[1]).",
      "\(parts[0]).\(parts[1]).\(parts[2].dropLast(2))",
      "\(parts[0]).\(parts[1]).\(parts[2])AA", "\(parts[0]).bnVsbA.\(parts[2])", "\(parts[0]).W10.\(parts[2])",
      "W10.\(parts[1]).\(parts[2])", "é.\(parts[1]).\(parts[2])",
      text.replacing("-", with: "+").replacing("_", with: "/") + "+",
    ]
    for text in wrong { try expectMalformed(text) }
  }

  @Test func `JSON too deep is malformed`() throws {
    var deep: JSON = 1
    for _ in 0..<20 { deep = .array([deep]) }
    try expectMalformed(Draft().with(claim: "deep", deep).signed())
  }

  @Test func `a signature by another key, or over another text, is bad`() throws {
    let parts = try Draft().signed().split(separator: ".").map(String.init)
    let others = try Draft().signed().split(separator: ".").map(String.init)
    for text in ["\(parts[0]).\(parts[1]).\(others[2])", "\(others[0]).\(parts[1]).\(parts[2])"] {
      #expect(throws: DPoPError.badSignature) { try DPoPProof(parsing: text) }
    }
    let zeros = Base64.encodeURL([UInt8](repeating: 0, count: 64))
    #expect(throws: DPoPError.badSignature) { try DPoPProof(parsing: "\(parts[0]).\(parts[1]).\(zeros)") }
  }

  @Test(arguments: ["POST", "get", "GET ", ""]) func `the method must be the request's`(method: String) throws {
    try expect(.wrongMethod, Draft().with(claim: "htm", .string(method)))
  }

  @Test(arguments: [
    "https://h/x", "https://other/", "http://h/", "https://h:8443/", "https://h/?q", "https://h/#f", "https://u@h/", "",
    "/", "h",
  ])
  func `the URL must be one of the hub's`(url: String) throws {
    try expect(.wrongURL, Draft().with(claim: "htu", .string(url)))
  }

  @Test(arguments: ["HTTPS://H:443/", "https://h", "https://h/a/.."]) func `the URL may be written in another way`(
    url: String
  ) throws {
    try DPoPProof(parsing: Draft().with(claim: "htu", .string(url)).signed()).verify(
      method: "GET", urls: ["https://h/"], isFresh: { _ in true }, token: nil)
  }

  @Test func `the nonce must be there, and fresh`() throws {
    try expect(.nonceNeeded, Draft().without(claim: "nonce"))
    try expect(.nonceNeeded, Draft().with(claim: "nonce", "stale"))
    try expect(.nonceNeeded, Draft().with(claim: "nonce", ""))
  }

  @Test func `ath must be the token's, and stand only beside one`() throws {
    let right = JSON.string(Base64.encodeURL(SHA256.hash("token")))
    try DPoPProof(parsing: Draft().with(claim: "ath", right).signed()).verify(
      method: "GET", urls: ["https://h/"], isFresh: { _ in true }, token: "token")
    try expect(.wrongToken, Draft(), token: "token")
    try expect(.wrongToken, Draft().with(claim: "ath", right), token: "another")
    try expect(.wrongToken, Draft().with(claim: "ath", "token"), token: "token")
    try expect(.wrongToken, Draft().with(claim: "ath", ""), token: "token")
    try expect(.wrongToken, Draft().with(claim: "ath", right), token: nil)
  }

  @Test func `what is wrong first is told: method, URL, nonce, token`() throws {
    var draft = try Draft().with(claim: "htm", "POST").with(claim: "htu", "https://x/").with(claim: "nonce", "stale")
    try expect(.wrongMethod, draft, token: "token")
    draft = draft.with(claim: "htm", "GET")
    try expect(.wrongURL, draft, token: "token")
    draft = draft.with(claim: "htu", "https://h/")
    try expect(.nonceNeeded, draft, token: "token")
    draft = draft.with(claim: "nonce", "nonce")
    try expect(.wrongToken, draft, token: "token")
  }

  @Test func `no error tells a nonce, a token or a key`() {
    let errors: [DPoPError] = [
      .malformed("typ must be dpop+jwt"), .badSignature, .wrongMethod, .wrongURL, .nonceNeeded, .wrongToken,
    ]
    for error in errors {
      #expect(error.description.hasPrefix("the proof"))
      #expect(!error.description.contains("\n"))
    }
  }

  private func expectMalformed(_ text: String) throws {
    let error = #expect(throws: DPoPError.self) { try DPoPProof(parsing: text) }
    guard case .malformed = error else {
      Issue.record("\(String(describing: error)) for \(text)")
      return
    }
  }

  private func expect(_ error: DPoPError, _ draft: Draft, token: String? = nil) throws {
    let proof = try DPoPProof(parsing: draft.signed())
    #expect(throws: error) {
      try proof.verify(method: "GET", urls: ["https://h/"], isFresh: { $0 == "nonce" }, token: token)
    }
  }
}

/// A proof in the making, of which every member can be changed before it is signed.
private struct Draft {
  let key: ES256PrivateKey
  var header: [JSON.Member] = [.init("typ", "dpop+jwt"), .init("alg", "ES256")]
  var jwk: [JSON.Member]
  var claims: [JSON.Member] = [
    .init("jti", "j"), .init("htm", "GET"), .init("htu", "https://h/"), .init("iat", 1), .init("nonce", "nonce"),
  ]

  init() throws {
    key = try .generate()
    jwk = key.publicKey.jwk.members ?? []
    header.append(.init("jwk", .object(jwk)))
  }

  func with(header name: String, _ value: JSON) -> Draft { changed { set(name, value, in: &$0.header) } }
  func with(claim name: String, _ value: JSON) -> Draft { changed { set(name, value, in: &$0.claims) } }
  func with(jwk name: String, _ value: JSON) -> Draft { changed { set(name, value, in: &$0.jwk) } }
  func without(header name: String) -> Draft { changed { $0.header.removeAll { $0.name == name } } }
  func without(claim name: String) -> Draft { changed { $0.claims.removeAll { $0.name == name } } }

  func signed() throws -> String {
    let header = header.map { member in
      member.name == "jwk" && member.value.members == key.publicKey.jwk.members ? .init("jwk", .object(jwk)) : member
    }
    let text =
      Base64.encodeURL(JSON.object(header).serialized()) + "." + Base64.encodeURL(JSON.object(claims).serialized())
    return text + "." + Base64.encodeURL(try key.sign(Array(text.utf8)))
  }

  private func changed(_ change: (inout Draft) -> Void) -> Draft {
    var copy = self
    change(&copy)
    return copy
  }

  private func set(_ name: String, _ value: JSON, in members: inout [JSON.Member]) {
    if let index = members.firstIndex(where: { $0.name == name }) {
      members[index] = .init(name, value)
    } else {
      members.append(.init(name, value))
    }
  }
}
