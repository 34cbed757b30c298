import RemoteAgentProcess
import Testing

struct SecretLineTests {
  /// What the keys make, and what the last one comes to.
  private func type(_ keys: String, limit: Int = 8) -> (String, SecretLine.Outcome) {
    var line = SecretLine(limit: limit)
    var outcome = SecretLine.Outcome.more
    for key in keys.utf8 where outcome == .more { outcome = line.typed(key) }
    return (String(decoding: line.bytes, as: UTF8.self), outcome)
  }

  @Test(arguments: [
    ("ab\r", "ab"), ("ab\n", "ab"), ("abc\u{7F}\u{8}d\r", "ad"), ("aä\u{7F}b\r", "ab"), ("abc\u{15}d\r", "d"),
    ("\u{7F}a\r", "a"), ("a\u{1A}\u{1}b\r", "ab"), ("a b\u{4}", "a b"), ("\r", ""),
  ])
  func `a line ends with Enter, and can be mended`(keys: String, line: String) {
    #expect(type(keys) == (line, .finished))
  }

  @Test func `Ctrl-C, and Ctrl-D on an empty line, give it up`() {
    #expect(type("ab\u{3}").1 == .cancelled)
    #expect(type("\u{4}").1 == .cancelled)
  }

  @Test func `more than the limit is too long`() {
    #expect(type("12345678\r") == ("12345678", .finished))
    #expect(type("123456789").1 == .tooLong)
  }
}
