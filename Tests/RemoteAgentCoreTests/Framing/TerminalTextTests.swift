import RemoteAgentCore
import Testing

@Suite struct `Text for a terminal` {
  private func terminal(_ bytes: [UInt8], keepsLines: Bool = false) -> String {
    var output: [UInt8] = []
    TerminalText.append(bytes, keepsLines: keepsLines, to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  @Test(arguments: [
    ("plain\ttext", "plain\ttext"), ("Käse 日本 👩‍🚀", "Käse 日本 👩‍🚀"), ("\u{1B}[2J", "\\u001b[2J"),
    ("\u{1F469}\u{200D}\u{1F4BB} cafe\u{301}", "\u{1F469}\u{200D}\u{1F4BB} cafe\u{301}"),
    ("\u{645}\u{6CC}\u{200C}\u{62E}\u{AD}", "\u{645}\u{6CC}\u{200C}\u{62E}\\u00ad"),
    ("a\rb\nc\u{0}", "a\\u000db\\u000ac\\u0000"), ("\u{7F}\u{9B}31m", "\\u007f\\u009b31m"),
    ("\u{202E}evil\u{2028}\u{200B}", "\\u202eevil\\u2028\\u200b"), ("\u{E0001}x", "\\udb40\\udc01x"), ("", ""),
  ])
  func `what could steer a terminal stands as an escape`(text: String, shown: String) {
    #expect(terminal(Array(text.utf8)) == shown)
  }

  @Test(
    arguments: [
      ([0x9B, 0x41], "\\x9bA"), ([0xC2], "\\xc2"), ([0xE2, 0x82, 0x41], "\\xe2\\x82A"), ([0xC0, 0x9B], "\\xc0\\x9b"),
      ([0xED, 0xA0, 0x80], "\\xed\\xa0\\x80"), ([0xF0, 0x9F, 0x91, 0xC3, 0xA9], "\\xf0\\x9f\\x91é"),
      ([0x66, 0xFF, 0x1B], "f\\xff\\u001b"),
    ] as [([UInt8], String)])
  func `bytes that are no UTF-8 stand as such`(bytes: [UInt8], shown: String) {
    #expect(terminal(bytes) == shown)
  }

  @Test func `lines stay lines if they may`() {
    #expect(terminal(Array("a\nb\u{1B}\n".utf8), keepsLines: true) == "a\nb\\u001b\n")
  }

  @Test func `an entry of a table is one line without control characters`() {
    #expect(TerminalText.field("a\tb\nc\u{1B}d\u{200B}é") == #"a b\u000ac\u001bd\u200bé"#)
  }
}
