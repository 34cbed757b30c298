import RemoteAgentCore
import Testing

@Suite struct `Credential bundle` {
  private let bundle = CredentialBundle(
    hub: "https://hub.example", ca: "-----BEGIN\nPEM", pin: "sha256//x", clientId: "c_1", label: "b\u{E4}r",
    key: [UInt8](0..<32), refreshToken: "rar_secret", pairedAt: 7)

  private func flaw(_ text: String) -> CredentialBundle.Flaw? { flaw(Array(text.utf8)) }

  private func flaw(_ bytes: [UInt8]) -> CredentialBundle.Flaw? {
    do throws(CredentialBundle.Flaw) {
      _ = try CredentialBundle(bytes)
      return nil
    } catch {
      return error
    }
  }

  /// A bundle whose checksum is right, whatever it holds.
  private func made(_ body: [UInt8], version: String = "ra1") -> String {
    let signed = "\(version)." + Base64.encodeURL(body)
    let checksum = Array(signed.utf8).withUnsafeBytes { CRC32C.checksum($0) }
    let digits = String(checksum, radix: 16)
    return "\(signed).\(String(repeating: "0", count: 8 - digits.count))\(digits)"
  }

  @Test func `is one line of characters that every shell and form leaves alone, and comes back`() throws {
    let text = bundle.text
    #expect(text.hasPrefix("ra1.") && text.split(separator: ".").count == 3)
    #expect(text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) })
    let back = try CredentialBundle(text.utf8)
    #expect(back == bundle)
    let padded = try CredentialBundle("\n \(text)\r\n\t".utf8)
    #expect(padded == bundle)
    var plain = bundle
    plain.ca = nil
    plain.pin = nil
    let plainBack = try CredentialBundle(plain.text.utf8)
    #expect(plainBack == plain)
  }

  @Test func `its form stays`() throws {
    let text =
      "ra1.eyJodWIiOiJodHRwczovL2h1Yi5leGFtcGxlIiwiY2xpZW50SWQiOiJjXzEiLCJsYWJlbCI6ImwiLCJrZXkiOiJBUUk9Iiwi"
      + "cmVmcmVzaFRva2VuIjoidCIsInBhaXJlZEF0Ijo3fQ.73432152"
    let bundle = CredentialBundle(
      hub: "https://hub.example", ca: nil, pin: nil, clientId: "c_1", label: "l", key: [1, 2], refreshToken: "t",
      pairedAt: 7)
    #expect(bundle.text == text)
    let more = try CredentialBundle(
      made(Array(#"{"new":[],"hub":"h","clientId":"c","key":"AQ==","refreshToken":"t"}"#.utf8)).utf8)
    #expect(more.label == "" && more.pairedAt == 0)
  }

  @Test func `what is secret in it comes before certificates, which may be long`() throws {
    var long = bundle
    long.ca = String(repeating: "c", count: 20_000)
    let body = try #require(Base64.decodeURL(String(long.text.split(separator: ".")[1])))
    let names = try JSON(parsing: body).members?.map(\.name)
    #expect(names?.last == "ca")
    #expect(names?.count == 8)
  }

  @Test func `cut anywhere it is cut short, and changed anywhere it is not taken`() {
    let bytes = Array(bundle.text.utf8)
    for count in 1..<bytes.count { #expect(flaw(Array(bytes[..<count])) == .cutShort, "\(count) bytes") }
    for index in bytes.indices {
      for change in [1, 0x20, 0x80] as [UInt8] {
        var changed = bytes
        changed[index] ^= change
        #expect(flaw(changed) != nil, "byte \(index) ^ \(change)")
      }
      var without = bytes
      without.remove(at: index)
      #expect(flaw(without) != nil, "without byte \(index)")
    }
  }

  @Test func `what is none is told`() {
    let text = bundle.text
    for empty in ["", " ", "\r\n"] { #expect(flaw(empty) == .empty) }
    for other in ["x", "rabbit", "RA1.x", "{}", "rax.y", "ra.x", "\u{FEFF}\(text)", "\"\(text)\"", "-"] {
      #expect(flaw(other) == .notABundle, "\(other)")
    }
    for version in ["ra2", "ra0", "ra01", "ra11", "ra99999999999999999999"] {
      #expect(flaw(made(Array("{}".utf8), version: version)) == .unknownVersion)
    }
    for damaged in [text + "0", text + text, text + ".", text.uppercased().replacing("RA1.", with: "ra1.")] {
      #expect(flaw(damaged) == .damaged, "\(damaged)")
    }
    #expect(flaw("ra1." + String(repeating: "A", count: CredentialBundle.limit)) == .tooLong)
    #expect(flaw(String(repeating: " ", count: CredentialBundle.limit + 1)) == .tooLong)
  }

  @Test(arguments: [
    ("", "body"), ("[]", "body"), ("{", "body"), ("{}", "hub"), (#"{"hub":""}"#, "hub"), (#"{"hub":1}"#, "hub"),
    (#"{"hub":"h"}"#, "clientId"), (#"{"hub":"h","clientId":"c"}"#, "key"), (#"{"hub":"h","ca":1}"#, "ca"),
    (#"{"hub":"h","pin":""}"#, "pin"), (#"{"hub":"h","clientId":"c","key":"%"}"#, "key"),
    (#"{"hub":"h","clientId":"c","key":"AQI=","refreshToken":null}"#, "refreshToken"),
  ])
  func `what lacks a member names it`(body: String, member: String) {
    #expect(flaw(made(Array(body.utf8))) == .badMember(member))
  }
}

@Suite struct `Credential source` {
  private func source(
    _ name: String? = nil, _ file: String? = nil, _ descriptor: Int32? = nil, variable: Bool = false
  ) -> CredentialSource? {
    try? CredentialSource(name: name, file: file, descriptor: descriptor, hasVariable: variable)
  }

  @Test func `an option comes before the environment, and that before the store`() {
    #expect(source() == .store(name: nil))
    #expect(source(variable: true) == .environment)
    for variable in [true, false] {
      #expect(source("ci", variable: variable) == .store(name: "ci"))
      #expect(source(nil, "f", variable: variable) == .file("f"))
      #expect(source(nil, nil, 3, variable: variable) == .descriptor(3))
    }
  }

  @Test func `two options, standard input and no file are mistakes`() {
    for variable in [true, false] {
      #expect(source("ci", "f", variable: variable) == nil)
      #expect(source("ci", nil, 3, variable: variable) == nil)
      #expect(source(nil, "f", 3, variable: variable) == nil)
      #expect(source(nil, "-", variable: variable) == nil)
      #expect(source(nil, "", variable: variable) == nil)
      for descriptor in [-1, 0, 1, 2] as [Int32] { #expect(source(nil, nil, descriptor, variable: variable) == nil) }
    }
  }

  @Test func `a command line names it again`() {
    #expect(source()?.options == [] && source(variable: true)?.options == [])
    #expect(source("ci")?.options == ["--credential", "ci"])
    #expect(source(nil, "f")?.options == ["--credential-file", "f"])
    #expect(source(nil, nil, 3)?.options == ["--credential-fd", "3"])
  }
}
