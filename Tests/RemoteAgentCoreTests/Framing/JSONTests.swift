import RemoteAgentCore
import Testing

struct JSONTests {
  /// The cases of RFC 8259 that parsers get wrong most.
  static let valid = [
    "{}", "[]", "null", "-0", "1e5", "1E+2", "0.1", "\"\"", "[[],{}]", "{\"a\":1,\"a\":2}", " [1 , 2 ] ",
    "\"\\u00e9\\ud83d\\ude00\\\\\\/\"", "\"\u{2028}\"", "{\"\":{\"\":[]}}", "123456789012345678901234567890",
  ]
  static let invalid = [
    "", "{", "}", "[1,]", "{\"a\":1,}", "{a:1}", "01", "1.", ".5", "+1", "1e", "nul", "\"", "\"\\x\"", "\"\\u12\"",
    "\"\t\"", "[1]]", "{}{}", "{\"a\" 1}", "{\"a\":}", "[,1]", "'a'", "NaN", "\u{FEFF}{}", "{\"a\":1 \"b\":2}", "-",
  ]

  @Test(arguments: valid) func `what is JSON is parsed`(text: String) throws {
    _ = try JSON(parsing: text)
    guard text.hasPrefix("{") else { return }
    let isObject = Array(text.utf8).withUnsafeBytes { JSONGrammar.isObject($0) }
    #expect(isObject)
  }

  @Test(arguments: invalid) func `what is not JSON is refused by parser and grammar`(text: String) {
    #expect(throws: JSONError.self) { try JSON(parsing: text) }
    let isObject = Array("{\"x\":\(text)}".utf8).withUnsafeBytes { JSONGrammar.isObject($0) }
    #expect(!isObject)
  }

  @Test func `values are found, kept in order and written as they were`() throws {
    let text = #"{"n":1.50,"s":"a\"\\\n\u0001","l":[true,false,null],"o":{"x":-7}}"#
    let json = try JSON(parsing: text)
    #expect(json["n"] == .number("1.50"))
    #expect(json["o"]?["x"]?.integer == -7)
    #expect(json["s"]?.string == "a\"\\\n\u{1}")
    #expect(json["l"]?.array?.count == 3)
    #expect(json["missing"] == nil)
    #expect(json.text == text)
  }

  @Test func `a lone surrogate becomes the replacement character`() throws {
    #expect(try JSON(parsing: #""a\ud800b\udc00""#).string == "a\u{FFFD}b\u{FFFD}")
    #expect(try JSON(parsing: #""\ud83d\ude00""#).string == "\u{1F600}")
  }

  @Test func `depth is bounded where it is built and not where it is skipped`() {
    let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
    #expect(throws: JSONError.self) { try JSON(parsing: deep) }
    let end = Array(deep.utf8).withUnsafeBytes { JSONGrammar.endOfBalanced(in: $0, from: 0) }
    #expect(end == deep.utf8.count)
    let crossed = Array((deep.dropLast(1) + "}").utf8).withUnsafeBytes {
      JSONGrammar.endOfBalanced(in: $0, from: 0)
    }
    #expect(crossed == nil)
    for (depth, accepted) in [(48, true), (49, false)] {
      let nested = String(repeating: "{\"a\":", count: depth - 1) + "{}" + String(repeating: "}", count: depth - 1)
      let isObject = Array(nested.utf8).withUnsafeBytes { JSONGrammar.isObject($0, maximumDepth: 48) }
      #expect(isObject == accepted)
    }
    let mixed = String(repeating: "{\"a\":[", count: 100) + String(repeating: "]}", count: 100)
    let isObject = Array(mixed.utf8).withUnsafeBytes { JSONGrammar.isObject($0) }
    #expect(isObject)
  }

  @Test(arguments: ["{}{", "{} x", "{\"a\":1}}", "{\"a\":1} x"])
  func `members of what goes on after its object are none`(text: String) {
    #expect(!Array(text.utf8).withUnsafeBytes { JSONMembers.forEach(in: $0) { _, _ in } })
    #expect(Array(text.utf8).withUnsafeBytes { LogRecord(payload: $0) } == nil)
  }

  @Test func `invalid UTF-8 is no JSON`() {
    #expect(throws: JSONError.self) { try JSON(parsing: [0x22, 0xFF, 0x22]) }
  }
}

struct UTF8TextTests {
  @Test(arguments: [
    [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80],
    [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xFF], [0xC3, 0x28],
  ])
  func `what is not UTF-8 is refused wherever it stands`(bad: [UInt8]) {
    for before in 0..<17 {
      let padded = [UInt8](repeating: 0x61, count: before) + bad
      #expect(!UTF8Text.isValid(padded))
    }
  }

  @Test func `every scalar is valid`() {
    for scalar in stride(from: 0 as UInt32, through: 0x10FFFF, by: 97).compactMap(Unicode.Scalar.init) {
      let bytes = Array(String(Character(scalar)).utf8)
      #expect(UTF8Text.isValid(bytes))
    }
  }
}

struct Base64Tests {
  @Test func `RFC 4648 section 10`() {
    let vectors = [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
      ("foobar", "Zm9vYmFy"),
    ]
    for (plain, encoded) in vectors {
      #expect(Base64.encode(plain.utf8) == encoded)
      #expect(Base64.decode(encoded) == Array(plain.utf8))
      let unpadded = String(encoded.prefix { $0 != "=" })
      #expect(Base64.encodeURL(plain.utf8) == unpadded)
      #expect(Base64.decodeURL(unpadded) == Array(plain.utf8))
    }
    #expect(Base64.encodeURL([0xFB, 0xFF]) == "-_8")
  }

  @Test(arguments: ["Zg", "Zg=", "Zg===", "Z", "Zh==", "Zm9=", "Zm 9", "====", "Zg==Zg==", "-_8="])
  func `what is not canonical is refused`(text: String) {
    #expect(Base64.decode(text) == nil)
  }
}
