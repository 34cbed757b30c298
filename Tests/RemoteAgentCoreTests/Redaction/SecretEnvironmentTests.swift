import RemoteAgentCore
import SeededRandom
import Testing

@Suite struct `Secrets of the environment` {
  private func hides(_ name: String, _ value: String, named: [String] = []) -> Bool {
    !SecretEnvironment.values(of: [name: value], named: named).isEmpty
  }

  @Test func `names that say secret, and values that may be one`() {
    for name in [
      "TOKEN", "github_token", "DB_PASSWORD", "MY_SECRET_2", "OPENAI_API_KEY", "APIKEY", "AWS_SECRET_ACCESS_KEY",
      "REGISTRY_AUTH",
      "RA_CREDENTIAL", "SSH_PRIVATE_KEY", "FTP_PASSWD", "SMTP_PASS",
    ] {
      #expect(hides(name, "abcd1234"), "\(name)")
    }
    for name in [
      "PATH", "HOME", "TOKEN_FILE", "SSH_AUTH_SOCK", "PASSWORD_STORE_DIR", "SECRET_NAME", "TOKEN_URL", "AUTHOR",
      "KEYBOARD", "COMPASS",
    ] {
      #expect(!hides(name, "abcd1234"), "\(name)")
    }
    for value in [
      "", "short", "true", "12345678", "2026-11-27", "production", "Disabled", "/run/secrets/token", "./token.txt",
      "~/.netrc", "********",
      "0.25.1.17",
    ] {
      #expect(!hides("A_TOKEN", value), "\(value)")
    }
    for value in [
      "correct horse", "hunter22", "1234567890123456", "/Ab3/xyz+09", "averylongwordwithoutanything", "p4ssw0rd",
    ] {
      #expect(hides("A_TOKEN", value), "\(value)")
    }
  }

  @Test func `a variable that is named is hidden whatever it is called and looks like`() {
    #expect(hides("CITY", "london", named: ["CITY"]))
    #expect(!hides("CITY", "oslo", named: ["CITY"]))
    #expect(!hides("CITY", "london", named: ["TOWN"]))
  }

  @Test func `values are found in each form that they are printed in`() {
    let value = "p/ss \"w\\rd\" é+?"
    let rules = RedactionRules(values: [SecretValue(name: "PW", value: Array(value.utf8))])
    let marker = "[redacted:PW]"
    #expect(redacted("it is \(value)!", rules).text == "it is \(marker)!")
    #expect(redacted(#"{"a":"p/ss \"w\\rd\" é+?"}"#, rules).text == #"{"a":"\#(marker)"}"#)
    #expect(redacted(#"{"a":"p\/ss \u0022w\\rd\" \u00e9\u002b?"}"#, rules).text == #"{"a":"\#(marker)"}"#)
    #expect(
      redacted(#"{"a":"{\"b\":\"p/ss \\\"w\\\\rd\\\" é+?\"}"}"#, rules).text == #"{"a":"{\"b\":\"\#(marker)\"}"}"#)
    #expect(redacted("?q=p%2Fss%20%22w%5Crd%22%20%C3%A9%2B%3F&", rules).text == "?q=\(marker)&")
    #expect(redacted("?q=p%2fss%20%22w%5crd%22%20%c3%a9%2b%3f&", rules).text == "?q=\(marker)&")
    for before in ["", "a", "ab", "user:"] {
      let bytes = Array("\(before)\(value)xyz".utf8)
      for text in [Base64.encode(bytes), Base64.encodeURL(bytes)] {
        let left = redacted(text, rules).text
        #expect(left.contains(marker) && left.utf8.count <= marker.utf8.count + 14, "\(text): \(left)")
      }
    }
  }

  @Test func `of a value of several lines each long one is hidden`() {
    let rules = RedactionRules(values: [SecretValue(name: "K", value: Array("{\n0123456789abcdefXYZ\nshort\n}".utf8))])
    #expect(redacted("{\n 0123456789abcdefXYZ,\nshort\n}", rules).text == "{\n [redacted:K],\nshort\n}")
  }

  @Test func `a very long value is hidden as a whole`() {
    var random = SeededRandom(seed: 5)
    let value = MadeSecrets.word(of: MadeSecrets.alphanumeric, 10_000, &random)
    let rules = RedactionRules(values: [SecretValue(name: "K", value: Array(value.utf8))])
    #expect(redacted("<\(value)>\n", rules, reads: [1000]).text == "<[redacted:K]>\n")
  }

  @Test func `a name that could not stand in JSON is not told`() {
    let values = SecretEnvironment.values(of: ["A\"TOKEN": "abcd1234"])
    #expect(redacted("abcd1234", RedactionRules(values: values)).text == "[redacted:environment]")
  }
}
