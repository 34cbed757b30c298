import RemoteAgentCore
import RemoteAgentTLS

/// DPoP proofs: nothing that was not signed is taken for signed, and what was signed says what it says and no more.
enum ProofsFuzz {
  static func run(_ input: UnsafeRawBufferPointer) {
    var choices = Choices(input)
    switch choices.number(below: 4) {
    case 0: unsigned(String(decoding: choices.rest(), as: UTF8.self))
    case 1: mutated(&choices)
    case 2: signed(&choices)
    default: urls(String(decoding: choices.rest(), as: UTF8.self))
    }
  }

  private static let key: ES256PrivateKey = {
    do throws(CryptoError) {
      return try ES256PrivateKey(rawRepresentation: [UInt8](repeating: 0x42, count: 32))
    } catch {
      fatalError("a key of a good scalar: \(error)")
    }
  }()

  /// Made once by that key, since each signature is another: without a token, and with one.
  static let proofs = [
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7ImNydiI6IlAtMjU2Iiwia3R5IjoiRUMiLCJ4IjoiT3RPR0dw"
      + "VmlFNUpSYTdXVDd3VllQdExsaG05Y3RpWUtNQmNqZjlpYmtLOCIsInkiOiIwSlljZmpjSFdtZVJvNXhoOVdLVnNDdHRKbFo3WVY1"
      + "Z3FrSHVISTZET0kwIn19.eyJqdGkiOiJvbmUiLCJodG0iOiJQT1NUIiwiaHR1IjoiaHR0cHM6Ly9oLmV4YW1wbGUvYXBpL2NsaWV"
      + "udHMvc2Vzc2lvbiIsImlhdCI6MTc2OTY1MDAwMCwibm9uY2UiOiJuIn0.IbmUnbfZz6Q4ZNTtauoI8cwxuvZ1Tu8PZ_r-aRTFQCu"
      + "9XMkuK0msvexnM6YWGSesvoiT0lhtO4ocA-sZ9Ffouw",
    "eyJ0eXAiOiAiZHBvcCtqd3QiLCAiYWxnIjogIkVTMjU2IiwgImp3ayI6IHsiY3J2IjogIlAtMjU2IiwgImt0eSI6ICJFQyIsICJ4"
      + "IjogIk90T0dHcFZpRTVKUmE3V1Q3d1ZZUHRMbGhtOWN0aVlLTUJjamY5aWJrSzgiLCAieSI6ICIwSlljZmpjSFdtZVJvNXhoOVdL"
      + "VnNDdHRKbFo3WVY1Z3FrSHVISTZET0kwIn19.eyJqdGkiOiAidHdvIiwgImh0bSI6ICJHRVQiLCAiaHR1IjogImh0dHBzOi8vaC5"
      + "leGFtcGxlL2FwaS9kZXZpY2UiLCAiaWF0IjogMSwgIm5vbmNlIjogIm4iLCAiYXRoIjogIlBFYWVuV3hZZGRONlFfTlQxUGlPWWZ"
      + "6NEVzWnU3alJYUmxwQXNOcEJVLUEifQ.0mgDkE2XKnVUCY2hKB6ylbWE7xvPPFrVSTwBwC155Wilg4ymp4hVsLKzZV1bIMsgnGvR"
      + "nruqKHX_lgXH-lA5mg",
  ]

  // MARK: Not signed, or changed after it

  private static func unsigned(_ text: String) {
    guard (try? DPoPProof(parsing: text)) != nil else { return }
    hold(isSaid(text), "a proof that nobody signed")
  }

  /// Whether what a text says was signed: header and claims letter for letter, and a signature of the two that a curve's
  /// symmetry gives (s, or the order less s): whoever has one has the other, so that a hub goes by `jti`.
  private static func isSaid(_ text: String) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return proofs.contains { proof in
      let own = proof.split(separator: ".")
      guard parts.count == 3, parts[..<2].elementsEqual(own[..<2]),
        let signature = Base64.decodeURL(String(parts[2])), let known = Base64.decodeURL(String(own[2]))
      else { return false }
      return signature == known || signature == mirrored(known)
    }
  }

  /// The order of P-256 (FIPS 186-5).
  private static let order: [UInt8] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC, 0xE6, 0xFA,
    0xAD,
    0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
  ]

  /// The same r, and the order less s.
  private static func mirrored(_ signature: [UInt8]) -> [UInt8] {
    var mirrored = signature
    var borrow = 0
    for index in (0..<32).reversed() {
      let digit = Int(order[index]) - Int(signature[32 + index]) - borrow
      borrow = digit < 0 ? 1 : 0
      mirrored[32 + index] = UInt8(digit & 0xFF)
    }
    return mirrored
  }

  private static func mutated(_ choices: inout Choices) {
    let proof = proofs[choices.number(below: proofs.count)]
    hold((try? DPoPProof(parsing: proof)) != nil, "a good proof is refused")
    var text = Array(proof.utf8)
    if choices.number(below: 8) == 0, let start = text.lastIndex(of: UInt8(ascii: ".")),
      let signature = Base64.decodeURL(String(decoding: text[(start + 1)...], as: UTF8.self))
    {
      let changed: [UInt8]
      switch choices.number(below: 4) {
      case 0: changed = mirrored(signature)
      case 1: changed = [UInt8](repeating: 0, count: 64)
      case 2: changed = order + order
      default: changed = choices.bytes(atMost: 80)
      }
      text.replaceSubrange((start + 1)..., with: Base64.encodeURL(changed).utf8)
    }
    for _ in 0..<choices.number(below: 4) {
      let place = choices.number(below: text.count)
      switch choices.number(below: 6) {
      case 0: text[place] = choices.byte()
      case 1: text[place] ^= 1 << (choices.byte() & 7)
      case 2: text.insert(contentsOf: choices.bytes(atMost: 8), at: place)
      case 3: text.removeSubrange(place..<min(text.count, place + 1 + choices.number(below: 8)))
      case 4: text += choices.bytes(atMost: 8)
      // The last symbol of a part: its low bits may not count.
      default:
        let ends = text.indices.filter { $0 + 1 == text.count || text[$0 + 1] == UInt8(ascii: ".") }
        let end = ends[choices.number(below: ends.count)]
        text[end] &+= 1
      }
      if text.isEmpty { return }
    }
    unsigned(String(decoding: text, as: UTF8.self))
  }

  // MARK: Signed, whatever it says

  private static func signed(_ choices: inout Choices) {
    var header = Array(#"{"typ":"dpop+jwt","alg":"ES256","jwk":"#.utf8) + key.publicKey.jwk.serialized() + [0x7D]
    if choices.number(below: 8) == 7 { splice(&header, &choices) }
    let method = choices.bool() ? "GET" : "POST"
    let url = "https://h.example/api/device"
    let token = choices.bool() ? "token" : nil
    var members: [JSON.Member] = [
      .init("jti", "j"), .init("htm", .string(method)), .init("htu", .string(url)), .init("iat", 1),
      .init("nonce", "n"),
    ]
    if let said = [token, "token", "another", nil][choices.number(below: 4)] {
      members.append(.init("ath", .string(Base64.encodeURL(SHA256.hash(said)))))
    }
    // One that is missing, and one of another kind or value.
    let missing = choices.number(below: 16)
    if missing < members.count { members.remove(at: missing) }
    let changed = choices.number(below: 16)
    if changed < members.count {
      let values: [JSON] = [
        .null, 1, "", "x", .string(String(repeating: "j", count: 129)), "https://h.example:443/api/./device",
      ]
      members[changed] = .init(members[changed].name, values[choices.number(below: values.count)])
    }
    var claims = JSON.object(members).serialized()
    if choices.number(below: 8) == 7 { splice(&claims, &choices) }

    let text = Base64.encodeURL(header) + "." + Base64.encodeURL(claims)
    do throws(CryptoError) {
      let signature = try key.sign(Array(text.utf8))
      hold(key.publicKey.isValid(signature: signature, for: Array(text.utf8)), "a signature is not its key's")
      read(text + "." + Base64.encodeURL(signature), claims, method: method, url: url, token: token)
    } catch {
      fatalError("signing: \(error)")
    }
  }

  private static func splice(_ bytes: inout [UInt8], _ choices: inout Choices) {
    for _ in 0...choices.number(below: 3) {
      let place = choices.number(below: bytes.count + 1)
      let end = min(bytes.count, place + choices.number(below: 24))
      bytes.replaceSubrange(place..<end, with: choices.bytes(atMost: 24))
    }
  }

  private static func read(_ text: String, _ claims: [UInt8], method: String, url: String, token: String?) {
    guard let proof = try? DPoPProof(parsing: text) else { return }
    guard let said = try? JSON(parsing: claims) else { fatalError("claims that are no JSON") }
    hold(text.utf8.count <= DPoPProof.maximumLength, "a proof over the limit")
    hold(proof.key == key.publicKey, "another key than what signed")
    hold(proof.identifier == said["jti"]?.string, "another jti than what was signed")
    hold((1...DPoPProof.maximumIdentifierLength).contains(proof.identifier.utf8.count), "a jti over the limit")
    let isAsSaid =
      said["htm"]?.string == method && said["htu"]?.string.flatMap(HTTPURL.normalise) == url
      && said["nonce"]?.string == "n"
      && said["ath"]?.string == token.map { Base64.encodeURL(SHA256.hash($0)) }
    let isVerified: ()? = try? proof.verify(method: method, urls: [url], isFresh: { $0 == "n" }, token: token)
    hold((isVerified != nil) == isAsSaid, "verified is not what was said: \(said.text)")
    let isForOther: ()? = try? proof.verify(method: method, urls: [url], isFresh: { $0 == "n" }, token: "other")
    hold(isForOther == nil, "a proof is good for another token")
  }

  // MARK: URLs

  private static func urls(_ text: String) {
    guard let url = HTTPURL.normalise(text) else { return }
    hold(HTTPURL.normalise(url) == url, "what is normalised is normalised to another URL: \(url)")
    hold(url.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "a URL that is not ASCII: \(url)")
    hold(url.hasPrefix("https://") || url.hasPrefix("http://"), "a URL of another scheme: \(url)")
    let path = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).last ?? ""
    hold(!path.split(separator: "/").contains { $0 == "." || $0 == ".." }, "dot segments are left: \(url)")
  }
}
