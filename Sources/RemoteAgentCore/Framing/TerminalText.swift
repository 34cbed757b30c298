/// Makes text harmless on a terminal, whoever wrote it: nothing in it moves the cursor, answers a query, hides or reorders.
package enum TerminalText {
  /// Appends the text. What could do harm stands as an escape: control characters (C0 but the tab, and but LF if
  /// `keepsLines`; DEL; C1), format characters (bidirectional marks, tags) but the joiners that emoji and scripts need, and
  /// line and paragraph separators as in JSON, `\u001b`, so that a line of JSON stays what it was; a byte that is not UTF-8
  /// as `\x9b`.
  package static func append(_ text: some Collection<UInt8>, keepsLines: Bool = false, to output: inout [UInt8]) {
    let isDone: Void? = text.withContiguousStorageIfAvailable {
      append(UnsafeRawBufferPointer($0), keepsLines, to: &output)
    }
    if isDone == nil { Array(text).withUnsafeBytes { append($0, keepsLines, to: &output) } }
  }

  /// The same of a string.
  package static func safe(_ text: String, keepsLines: Bool = false) -> String {
    var output: [UInt8] = []
    append(text.utf8, keepsLines: keepsLines, to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  /// The text as an entry of a line: a tab is a blank.
  package static func field(_ text: String) -> String {
    safe(String(decoding: text.utf8.map { $0 == UInt8(ascii: "\t") ? UInt8(ascii: " ") : $0 }, as: UTF8.self))
  }

  private static func append(_ text: UnsafeRawBufferPointer, _ keepsLines: Bool, to output: inout [UInt8]) {
    var start = 0
    while start < text.count {
      // Printable ASCII is nearly all there is: it is copied without decoding.
      var end = start
      while end < text.count, isPlain(text[end], keepsLines) { end += 1 }
      output.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[start..<end]))
      guard end < text.count else { return }
      guard let (scalar, length) = UTF8Text.scalar(in: text, at: end) else {
        output.append(contentsOf: "\\x\(Hex.encode([text[end]]))".utf8)
        start = end + 1
        continue
      }
      start = end + length
      if isHarmless(scalar) {
        output.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[end..<start]))
      } else {
        escape(scalar, to: &output)
      }
    }
  }

  private static func isPlain(_ byte: UInt8, _ keepsLines: Bool) -> Bool {
    (0x20..<0x7F).contains(byte) || byte == UInt8(ascii: "\t") || (byte == UInt8(ascii: "\n") && keepsLines)
  }

  private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: false
    // The zero-width non-joiner and joiner.
    case .format: scalar == "\u{200C}" || scalar == "\u{200D}"
    default: true
    }
  }

  private static func escape(_ scalar: Unicode.Scalar, to output: inout [UInt8]) {
    for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
      output.append(contentsOf: "\\u\(Hex.encode([UInt8(unit >> 8), UInt8(unit & 0xFF)]))".utf8)
    }
  }
}
