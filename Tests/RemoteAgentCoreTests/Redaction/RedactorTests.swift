import RemoteAgentCore
import SeededRandom
import Testing

/// What is left of a text, read in parts of the given sizes over and over.
func redacted(
  _ text: String, _ rules: RedactionRules = RedactionRules(), reads: [Int] = [65536]
) -> (text: String, count: Int) {
  let (bytes, count) = redacted(Array(text.utf8), rules, reads: reads)
  return (String(decoding: bytes, as: UTF8.self), count)
}

func redacted(_ bytes: [UInt8], _ rules: RedactionRules, reads: [Int]) -> (bytes: [UInt8], count: Int) {
  var redactor = Redactor(rules)
  var output: [UInt8] = []
  bytes.withUnsafeBytes { bytes in
    var start = 0
    var turn = 0
    while start < bytes.count {
      let end = min(bytes.count, start + max(1, reads[turn % reads.count]))
      redactor.feed(UnsafeRawBufferPointer(rebasing: bytes[start..<end])) { output.append(contentsOf: $0) }
      (start, turn) = (end, turn + 1)
    }
  }
  redactor.finish { output.append(contentsOf: $0) }
  return (output, redactor.count)
}

@Suite struct `Redaction of a stream` {
  @Test func `tokens are known by their shape, wherever a line has them`() {
    var random = SeededRandom(seed: 1)
    for index in MadeSecrets.shapes.indices {
      let kind = MadeSecrets.shapes[index].kind
      let secret = MadeSecrets.token(index, &random)
      let places = [
        "", "the token is ", "TOKEN=", "a:", "\u{1B}[32m", "x%3D", #"{"a":"#, #"{"a":"b\n"#, "é", "(", "user:", "\t",
        "//",
      ]
      for before in places {
        for after in ["", "\"}", " and more", "\n", "\\n", ",", ")", "\u{1B}[0m", "é", "'"] {
          let (text, count) = redacted(before + secret + after)
          #expect(text == before + "[redacted:\(kind)]" + after, "\(before) \(kind) \(after)")
          #expect(count == 1)
        }
      }
    }
  }

  @Test func `escapes hide nothing, and what else is escaped stays as it was`() {
    var random = SeededRandom(seed: 2)
    let token = MadeSecrets.token(0, &random)
    let escaped = token.utf8.map { "\\u00" + String($0, radix: 16) }.joined()
    #expect(
      redacted(#"{"a":"é\u00e9 \#(escaped)\\","b":"\ud83d\ude00"}"#).text
        == #"{"a":"é\u00e9 [redacted:github-token]\\","b":"\ud83d\ude00"}"#)
    // JSON in JSON in JSON.
    #expect(
      redacted(#"{"a":"{\"b\":\"\\u0067\#(token.dropFirst())\",\"c\":\"\\\\u0067\#(token.dropFirst())\"}"}"#).text
        == #"{"a":"{\"b\":\"[redacted:github-token]\",\"c\":\"[redacted:github-token]\"}"}"#)
    let webToken = "Authorization: Bearer " + MadeSecrets.word(of: MadeSecrets.alphanumeric, 20, &random)
    let slashes = MadeSecrets.word(of: MadeSecrets.alphanumeric, 20, &random)
    #expect(
      redacted(#"{"h":"\#(webToken)\/\#(slashes)"}"#).text == #"{"h":"Authorization: Bearer [redacted:authorization]"}"#
    )
  }

  @Test func `web tokens, headers, passwords of addresses, hooks and cloud keys`() {
    var random = SeededRandom(seed: 3)
    let webToken = MadeSecrets.webToken(&random)
    #expect(redacted("jwt \(webToken).").text == "jwt [redacted:jwt].")
    let secret = MadeSecrets.word(of: MadeSecrets.alphanumeric, 40, &random)
    #expect(
      redacted("< authorization: Basic \(secret)==\r").text == "< authorization: Basic [redacted:authorization]\r")
    #expect(
      redacted(#"-H "Authorization: Bearer \#(secret)""#).text
        == #"-H "Authorization: Bearer [redacted:authorization]""#)
    #expect(redacted("postgres://ada:\(secret)@db:5432/x").text == "postgres://ada:[redacted:password]@db:5432/x")
    #expect(redacted(#"{"u":"https:\/\/ada:p@ss\/word"}"#).text == #"{"u":"https:\/\/ada:p@ss\/word"}"#)
    #expect(
      redacted(#"{"u":"https:\/\/ada:p@ss1@host\/x"}"#).text == #"{"u":"https:\/\/ada:[redacted:password]@host\/x"}"#)
    #expect(
      redacted("https://hooks." + "slack.com/services/T0AAAAAAA/B0BBBBBBB/\(secret)").text
        == "https://hooks." + "slack.com/services/[redacted:slack-hook]")
    for name in [
      "aws_secret_access_key = ", "AWS_SECRET_ACCESS_KEY=", #""SecretAccessKey": ""#, #"secretAccessKey: '"#,
    ] {
      #expect(redacted(name + secret).text == name + "[redacted:aws-secret-key]")
    }
    #expect(redacted("x;AccountKey=\(secret)\(secret)abcdef==;y").text == "x;AccountKey=[redacted:azure-key]==;y")
  }

  @Test func `a private key loses its lines and nothing else`() {
    var random = SeededRandom(seed: 4)
    let body = MadeSecrets.keyBody(&random)
    let key = MadeSecrets.key(body)
    let hidden = [key[0]] + body.map { _ in "[redacted:private-key]" } + [key[key.count - 1]]
    let separators = [
      ("\n", ""), ("\r\n", ""), ("\n", "    "), ("\n", "+"), ("\\n", ""), ("\\r\\n", ""), ("\\\\n", ""), ("\n", "| "),
      ("\n", "\t> "),
    ]
    for (end, indent) in separators {
      let text = redacted("before\(end)" + key.map { indent + $0 }.joined(separator: end) + "\(end)after\(end)").text
      let expected =
        "before\(end)" + hidden.map { indent == "+" && $0.hasPrefix("[") ? $0 : indent + $0 }.joined(separator: end)
      #expect(text == expected + "\(end)after\(end)", "\(end.debugDescription) \(indent)")
    }
    // As tools show files, and as claude's events have them.
    let numbered = key.enumerated().map { "   \($0 + 1)\t\($1)" }.joined(separator: "\\n")
    let event = #"{"type":"user","content":"\#(numbered)\n","b":"abc"}"#
    let expected = hidden.enumerated().map { "   \($0 + 1)\t\($1)" }.joined(separator: "\\n")
    #expect(redacted(event).text == #"{"type":"user","content":"\#(expected)\n","b":"abc"}"#)
    // A string that ends early, and one in a line of source.
    #expect(
      redacted(#"{"a":"\#(key[0])\n\#(body[0])","b":"\#("abc")"}"# + "\nordinary\n").text
        == #"{"a":"\#(key[0])\n[redacted:private-key]","b":"abc"}"# + "\nordinary\n")
    // Encrypted, with headers.
    let headed = [key[0], "Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,0011", ""] + key.dropFirst()
    #expect(redacted(headed.joined(separator: "\n")).count == body.count)
  }

  @Test func `what only speaks of secrets passes`() {
    for text in [
      "if (text.startsWith(\"-----BEGIN RSA "
        + "PRIVATE KEY-----\")) {\n  return parse(text, /usr/local/lib/x/y/z/a/b);\n}\n",
      "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUFq3nW1tZ1yqGJ1p0lqzq0m2a0JcwCgYIKoZIzj0EAwIw\n-----END CERTIFICATE-----\n",
      "ghp_" + String(repeating: "x", count: 36), "ghp_short", "https://user:password@example.com/",
      "https://${USER}:${PASS}@host",
      "https://host:8080/@scope/package", "git@github.com:a/b.git", "Authorization: Bearer $TOKEN",
      "Bearer YOUR_TOKEN_HERE",
      "0199b5c2-7a31-7c61-9d5a-2f1b7d6f0a11", "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
      "d41d8cd98f00b204e9800998ecf8427e  empty", ".sk-fading-circle .sk-circle12:before{transform:rotate(330deg)}",
      "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
      #"{"secretAccessKey":"process.env.AWS_SECRET_ACCESS_KEY"}"#, "eyJ" + "hbGciOiJIUzI1NiJ9 alone",
    ] {
      #expect(redacted(text).text == text)
    }
  }

  @Test func `a token is found wherever it lies in a line of several pieces`() {
    var random = SeededRandom(seed: 7)
    let token = MadeSecrets.token(0, &random)
    // What is decided of a line ends here, when all that is held of it is searched.
    let decided = Redactor.limit - 8192 - 64
    for shift in -45...5 {
      let before = String(repeating: ". ", count: (decided + shift) / 2) + (shift % 2 == 0 ? "" : " ")
      let (text, count) = redacted(before + token + String(repeating: " .", count: 10_000) + "\n", reads: [50_000])
      #expect(count == 1 && !text.contains(token), "\(shift)")
    }
  }

  @Test func `an idle stream's line leaves at once, and half a line at the end`() {
    var redactor = Redactor(RedactionRules())
    var output: [UInt8] = []
    Array("a line\nhalf".utf8).withUnsafeBytes { redactor.feed($0) { output.append(contentsOf: $0) } }
    #expect(String(decoding: output, as: UTF8.self) == "a line\n")
    redactor.finish { output.append(contentsOf: $0) }
    #expect(String(decoding: output, as: UTF8.self) == "a line\nhalf")
  }

  @Test func `an object stays one, though a secret is over its strings`() throws {
    let rules = RedactionRules(
      values: [SecretValue(name: "KEY", value: Array(#"{"kty":"EC","d":"abcdefghijk"}"#.utf8))],
      patterns: [try RedactionPattern("pin=.*")])
    #expect(
      redacted(#"{"a":{"kty":"EC","d":"abcdefghijk"},"b":1}"#, rules).text
        == #"{"a":{"[redacted:KEY]":"[redacted:KEY]","[redacted:KEY]":"[redacted:KEY]"},"b":1}"#)
    #expect(
      redacted(#"{"a":"pin=12\"34","b":2}"#, rules).text
        == #"{"a":"[redacted:pattern]","[redacted:pattern]":"[redacted:pattern]"}"#)
    #expect(
      redacted(#"it is {"kty":"EC","d":"abcdefghijk"}, "really""#, rules).text == #"it is [redacted:KEY], "really""#)
    #expect(redacted("pin=12\npin=\n", rules).text == "[redacted:pattern]\n[redacted:pattern]\n")
  }

  @Test(arguments: [#"2NQ/\XsO9"TpQ"#, #"ab\\cd"ef\g1"#, #""quoted"1x"#, #"C:\new\table7"#])
  func `a value with backslashes and quotes is found in text and in JSON in JSON`(value: String) throws {
    let rules = RedactionRules(values: [SecretValue(name: "V", value: Array(value.utf8))])
    var text = value
    for _ in 0..<3 {
      #expect(redacted("it is <\(text)>", rules).text == "it is <[redacted:V]>")
      let line = JSON.string(text).text
      #expect(redacted("{\"a\":\(line)}", rules).text == "{\"a\":\"[redacted:V]\"}")
      text = String(line.dropFirst().dropLast())
    }
  }

  @Test func `what is found does not depend on the reads`() throws {
    let rules = RedactionRules(
      values: [
        SecretValue(name: "V", value: Array("correct horse battery".utf8)),
        SecretValue(name: "W", value: Array("aab/aab\"caab".utf8)),
      ],
      patterns: [try RedactionPattern("a{3,5}b|tok=[a-z]*"), try RedactionPattern("[0-9]{6}")])
    for seed in 1...12 {
      var random = SeededRandom(seed: UInt64(seed))
      let bytes = stream(&random, isLong: seed % 4 == 0)
      let whole = redacted(bytes, rules, reads: [bytes.count])
      for _ in 0..<3 {
        let reads = (0..<7).map { _ in Int.random(in: 1...(seed % 4 == 0 ? 70_000 : 60), using: &random) }
        let parts = redacted(bytes, rules, reads: reads)
        #expect(parts.bytes == whole.bytes, "seed \(seed), reads \(reads)")
        #expect(parts.count == whole.count)
      }
    }
  }

  /// Text, JSON, secrets whole and cut, escapes, and lines of several hundred KiB.
  private func stream(_ random: inout SeededRandom, isLong: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < (isLong ? 300_000 : 3_000) {
      switch Int.random(in: 0..<14, using: &random) {
      case 0: bytes += random.bytes(count: Int.random(in: 0...200, using: &random))
      case 1, 2: bytes += Array(MadeSecrets.token(Int.random(in: 0..<20, using: &random), &random).utf8)
      case 3: bytes += Array(MadeSecrets.webToken(&random).utf8)
      case 4:
        bytes += Array(
          MadeSecrets.key(MadeSecrets.keyBody(&random)).joined(separator: Bool.random(using: &random) ? "\n" : "\\n")
            .utf8)
      case 5: bytes += Array("correct horse battery ".utf8) + Array(#"aab\/aab\"caab aab/aab"caab"#.utf8)
      case 6: bytes += Array(#"{"a":"b\\\\\\n\u0067\/\"","c":""#.utf8)
      case 7: bytes += [UInt8](repeating: UInt8(ascii: "\\"), count: Int.random(in: 1...30, using: &random))
      case 8: bytes += Array(repeating: Array("\\u0061".utf8), count: Int.random(in: 1...30, using: &random)).joined()
      case 9: bytes += Array("aaaaaaaaaaabaab tok=abc 1234567890123456".utf8)
      case 10: bytes += Array("https://ada:lovelace1815@host ".utf8)
      case 11: if !isLong { bytes.append(0x0A) }
      case 12:
        if isLong {
          let filler = MadeSecrets.word(of: MadeSecrets.urlSafe + [" ", "\""], 50, &random)
          for _ in 0..<Int.random(in: 1...2_600, using: &random) { bytes += Array(filler.utf8) }
        }
      default: bytes += Array("\" and ".utf8)
      }
      if isLong, Int.random(in: 0..<60, using: &random) == 0 { bytes.append(0x0A) }
    }
    return bytes
  }
}
