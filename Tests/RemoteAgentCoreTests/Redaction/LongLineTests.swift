import RemoteAgentCore
import SeededRandom
import Testing

@Suite struct `Redaction of long lines and objects` {
  /// Lines too long to be held are cut so far before the end of what is held.
  private static let decided = Redactor.limit - 8192 - 64

  /// Expects of a secret over the cut of a long line what is left of it in a short one, at each of the shifts.
  private func expectSame(_ secret: String, _ rules: RedactionRules, object: Bool, shifts: some Sequence<Int>) {
    let begin = object ? "{\"a\":\"" : ""
    let short = redacted("\(begin) \(secret) .\n", rules)
    #expect(short.count > 0)
    let left = String(short.text.dropFirst(begin.count + 1).dropLast(3))
    let filler = [UInt8](repeating: UInt8(ascii: " "), count: Self.decided + 8192 + 2000)
    for shift in shifts {
      let before = Self.decided - begin.utf8.count + shift
      let bytes = Array(begin.utf8) + filler[..<before] + Array(secret.utf8) + Array(" .".utf8) + filler + [0x0A]
      let expected = Array(begin.utf8) + filler[..<before] + Array(left.utf8) + Array(" .".utf8) + filler + [0x0A]
      let (output, count) = redacted(bytes, rules, reads: [65_536])
      let shown = String(decoding: output.filter { $0 != UInt8(ascii: " ") }, as: UTF8.self)
      #expect(output == expected && count == short.count, "\(secret.prefix(12)) at \(shift): \(shown)")
    }
  }

  @Test func `a secret over the cut is hidden as in a short line`() throws {
    var random = SeededRandom(seed: 8)
    let rules = RedactionRules()
    let word = MadeSecrets.word(of: MadeSecrets.alphanumeric, 40, &random)
    for index in MadeSecrets.shapes.indices {
      let secret = MadeSecrets.token(index, &random)
      expectSame(secret, rules, object: false, shifts: stride(from: -secret.count - 1, through: 1, by: 7))
    }
    let azure = "abc1" + "Q~" + MadeSecrets.word(of: MadeSecrets.alphanumeric, 32, &random)
    expectSame(azure, rules, object: false, shifts: -9...1)
    expectSame("\u{1B}[38;5;12m" + MadeSecrets.token(0, &random), rules, object: false, shifts: -15...1)
    expectSame("aws_secret_access_key = \(word)", rules, object: false, shifts: -27...(-9))
    expectSame("https://" + "hooks.slack.com/services/T0/B0/\(word)", rules, object: false, shifts: -28...(-6))
    expectSame("Authorization: Bearer \(word)", rules, object: false, shifts: -24...(-18))
    expectSame(MadeSecrets.webToken(&random), rules, object: false, shifts: stride(from: -130, through: 1, by: 9))
  }

  @Test func `a password after a long name over the cut is hidden`() {
    let rules = RedactionRules()
    let address = "https://" + String(repeating: "u", count: 400) + ":pa5sw0rd@h"
    expectSame(address, rules, object: false, shifts: stride(from: -420, through: 1, by: 13))
    let text = String(repeating: address + " ", count: 400)
    #expect(redacted(text).text == text.replacing("pa5sw0rd", with: "[redacted:password]"))
  }

  @Test func `a key of several runs over the cut is hidden`() {
    var random = SeededRandom(seed: 9)
    let body = Array(MadeSecrets.keyBody(&random).prefix(2))
    let key = MadeSecrets.key([body[0] + " " + body[1], "  12  " + body[0]])
    expectSame(
      key.joined(separator: "\\n"), RedactionRules(), object: true, shifts: stride(from: -240, through: 1, by: 5))
  }

  @Test func `an object with a secret over strings and the cut stays one`() throws {
    let rules = RedactionRules(
      values: [SecretValue(name: "N", value: Array("1234567890123456".utf8))],
      patterns: [try RedactionPattern("pin=[^.]*")])
    expectSame(#"pin=12","c":345,"d":"67."#, rules, object: true, shifts: -26...1)
    expectSame(#"","n":1234567890123456,"b":""#, rules, object: true, shifts: -26...1)
    expectSame(#"","n":991234567890123456,"b":""#, rules, object: true, shifts: -28...1)
  }

  @Test(arguments: [
    (#"{"pin":123456}"#, #"{"pin":#}"#), (#"{"pin":-0.123456e7,"b":1}"#, #"{"pin":#,"b":1}"#),
    (#"{"a":[123456, 654321,"123456x"]}"#, #"{"a":[#, #,"@x"]}"#), (#"{"t":true,"f":[null,1]}"#, #"{"t":#,"f":[#,1]}"#),
    (#"{"a":"x<1","b":27,"c":"3>y","d":5}"#, #"{"a":"x@","@":#,"@":"@y","d":5}"#),
    (#"{"a":{"b":[4,{}],"c":"<"},"d":[[1],[2,{"e":">"}]]}"#, #"{"a":{"b":[4,{}],"c":"@"},"@":[[#],[#,{"@":"@"}]]}"#),
    ("{123456 is no object}", "{# is no object}"), ("{pin 123456x}", "{pin @x}"), ("[123456]", "[@]"),
  ])
  func `a value that is no string becomes one`(line: String, left: String) throws {
    let patterns = try ["[0-9]{6}", "true|null", "<.*>"].map { try RedactionPattern($0) }
    let text = redacted(line, RedactionRules(patterns: patterns, wellKnown: false)).text
    #expect(
      text == left.replacing("#", with: "\"[redacted:pattern]\"").replacing("@", with: "[redacted:pattern]"))
    if line.hasPrefix("{\"") { #expect(throws: Never.self) { try JSON(parsing: Array(text.utf8)) } }
  }

  @Test func `however many backslashes are before a secret, what stays of them escapes nothing`() throws {
    let rules = RedactionRules(patterns: [try RedactionPattern("[\"/A]secret")], wellKnown: false)
    for count in stride(from: 1, through: 41, by: 2) {
      for character in ["\"", "/", "u0041"] {
        let line = #"{"a":""# + String(repeating: "\\", count: count) + character + #"secret"}"#
        let (text, hidden) = redacted(line, rules)
        #expect(hidden == 1)
        #expect(text.dropFirst(6).prefix { $0 == "\\" }.count % 2 == 0, "\(count) before \(character): \(text)")
      }
    }
    let long = String(repeating: "\\", count: 301) + "\"secret"
    expectSame(long, rules, object: true, shifts: -110...(-100))
  }

  @Test func `beginnings of web tokens one after another are read once`() {
    let text = String(repeating: "eyJ-", count: 30_000)
    #expect(redacted(text).text == text)
    var random = SeededRandom(seed: 10)
    let token = MadeSecrets.webToken(&random)
    #expect(redacted("eyJ-eyJ-eyJ \(token)").text == "eyJ-eyJ-eyJ [redacted:jwt]")
  }
}
