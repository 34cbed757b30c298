import RemoteAgentCore
import SeededRandom
import Testing

@Suite struct `Redaction pattern` {
  private func hidden(_ pattern: String, _ text: String) throws -> String {
    let rules = RedactionRules(patterns: [try RedactionPattern(pattern)], wellKnown: false)
    return redacted(text, rules).text.replacing("[redacted:pattern]", with: "#")
  }

  @Test(arguments: [
    ("abc", "xabcx abc", "x#x #"), ("a+", "aaa b a", "# b #"), ("a|ab|abc", "abcd", "#d"),
    ("(ab)+c?", "xababcab", "x#"),
    ("(a|b)*c", "ababc c", "# #"), ("a{2}", "aaaaa", "#a"), ("a{2,}", "aaaaa a", "# a"), ("a{2,3}b", "aaaab", "a#"),
    ("[a-c]+x?", "abcx dx", "# dx"), ("[^a-z]+", "ab12\ncd", "ab#\ncd"), ("[]a]+", "]a]", "#"),
    ("[a\\]-]+", "a]-b", "#b"),
    ("x.y", "x y x\ny", "# x\ny"), ("\\d{4}-\\d{4}", "id 1234-5678.", "id #."), ("\\.\\*", "a.*", "a#"),
    ("é+", "caféé", "caf#"),
    ("[[:upper:]]{3}[[:digit:]]+", "xABC12", "x#"), ("(?i)key=\\w+", "KeY=aB_1;", "#;"), ("(?:a|b)c", "bc", "#"),
    ("\\S+@\\S+", "to ada@example.org now", "to # now"), ("a?b?c", "abc bc", "# #"), ("x{3}|y", "xxxy", "#"),
  ])
  func `matches the longest of those that begin first`(pattern: String, text: String, left: String) throws {
    #expect(try hidden(pattern, text) == left)
  }

  @Test(arguments: [
    ("", 1, "it is empty"), ("ab(c", 3, "'(' is not closed"), ("ab)c", 3, "nothing is open that ')' could close"),
    ("a[b", 2, "'[' is not closed"),
    ("*a", 1, "nothing stands before '*' that it could repeat"),
    ("a{", 2, "'{' needs a number, as in {20} or {20,}; a brace is \\{"),
    ("a{3", 2, "'{' is not closed"), ("a{3,2}", 2, "repetitions are 1 to 1000, the least first"),
    ("^a", 1, "'^' is not possible: a secret is found anywhere in a line"),
    ("a\\", 2, "nothing stands after '\\'"), ("a\\b", 2, "'\\b' is not possible"),
    ("[z-a]", 3, "the range is the wrong way round"), ("[[:x:]]", 2, "there is no such class"),
    ("(?=a)", 1, "of '(?' only '(?:', and '(?i)' at the beginning, are possible"),
    ("a*", 1, "it matches an empty text, too, which stands everywhere"),
    ("(a{999}){999}", 1, "it is too large: at most 4000 bytes with repetitions written out"),
    ("[é]", 2, "'é' in brackets is not ASCII"),
  ])
  func `what is wrong is told with its place`(pattern: String, character: Int, reason: String) {
    #expect(throws: PatternError(reason: reason, character: character)) { try RedactionPattern(pattern) }
  }

  @Test func `a pattern that hangs others ends`() throws {
    let text = String(repeating: "a", count: 4_000) + "\n"
    for pattern in ["(a+)+b", "(a|aa)+b", "(a*)*b", "a|a.*b", "(.*,){12}x", "([a-z]*){3}[0-9]"] {
      _ = try hidden(pattern, text)
    }
    // More states than are kept: the automaton forgets, and goes on. A match is no longer than it may be.
    var random = SeededRandom(seed: 6)
    let letters = MadeSecrets.word(of: ["a", "b"], 2_600, &random)
    let end = "a" + MadeSecrets.word(of: ["a", "b"], 14, &random) + "c"
    #expect(try hidden("(a|b)*a(a|b){14}c", letters + end).hasSuffix("#"))
  }

  @Test func `a match is as long as it may be, and no longer`() throws {
    let text = String(repeating: "x", count: 10_000)
    #expect(try hidden("x+", text) == "#")
    let rules = RedactionRules(patterns: [try RedactionPattern("<x+")], wellKnown: false)
    #expect(redacted("<" + text, rules).text == "[redacted:pattern]" + String(repeating: "x", count: 10_001 - 4096))
  }
}
