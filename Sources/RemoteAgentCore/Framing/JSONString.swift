/// JSON strings (RFC 8259 section 7): where they end, escaping and its undoing.
package enum JSONString {
  /// Appends `text` as a quoted JSON string.
  package static func appendQuoted(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { appendEscaped(UnsafeRawBufferPointer($0), to: &bytes) }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Appends UTF-8 bytes with `"`, `\` and the control characters escaped, without quotes. The bytes must be valid UTF-8.
  package static func appendEscaped(_ text: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
    var start = 0
    while true {
      let plain = firstSpecial(in: text, from: start)
      bytes.append(text, start..<plain)
      guard plain < text.count else { return }
      appendEscape(text[plain], to: &bytes)
      start = plain + 1
    }
  }

  private static func appendEscape(_ byte: UInt8, to bytes: inout [UInt8]) {
    switch byte {
    case UInt8(ascii: "\""): bytes.append(literal: "\\\"")
    case UInt8(ascii: "\\"): bytes.append(literal: "\\\\")
    case 0x08: bytes.append(literal: "\\b")
    case 0x09: bytes.append(literal: "\\t")
    case 0x0A: bytes.append(literal: "\\n")
    case 0x0C: bytes.append(literal: "\\f")
    case 0x0D: bytes.append(literal: "\\r")
    default:
      let digits: StaticString = "0123456789abcdef"
      bytes.append(literal: "\\u00")
      bytes.append(digits.utf8Start[Int(byte >> 4)])
      bytes.append(digits.utf8Start[Int(byte & 15)])
    }
  }

  /// The index of the closing quote of a string whose content begins at `start`; nil if there is none.
  package static func end(in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var index = start
    while true {
      index = firstQuoteOrBackslash(in: text, from: index)
      guard index < text.count else { return nil }
      if text[index] == UInt8(ascii: "\"") { return index }
      index += 2
    }
  }

  /// The content of a string without its quotes as UTF-8; a lone surrogate becomes U+FFFD.
  ///
  /// Returns nil for a bad escape or a control character.
  package static func unescape(_ content: UnsafeRawBufferPointer) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(content.count)
    return appendUnescaped(content, to: &bytes) ? bytes : nil
  }

  /// Appends the content of a string without its quotes as UTF-8; false (with part of it appended) for a bad escape or a
  /// control character.
  package static func appendUnescaped(_ content: UnsafeRawBufferPointer, to bytes: inout [UInt8]) -> Bool {
    var index = 0
    while true {
      let special = firstSpecial(in: content, from: index)
      bytes.append(content, index..<special)
      guard special < content.count else { return true }
      guard content[special] == UInt8(ascii: "\\"), special + 1 < content.count else { return false }
      index = special + 2
      switch content[special + 1] {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(content[special + 1])
      case UInt8(ascii: "b"): bytes.append(0x08)
      case UInt8(ascii: "t"): bytes.append(0x09)
      case UInt8(ascii: "n"): bytes.append(0x0A)
      case UInt8(ascii: "f"): bytes.append(0x0C)
      case UInt8(ascii: "r"): bytes.append(0x0D)
      case UInt8(ascii: "u"):
        guard let unit = hexUnit(in: content, at: index) else { return false }
        index += 4
        var scalar = Unicode.Scalar(UInt32(unit))
        if (0xD800..<0xDC00).contains(unit), index + 6 <= content.count, content[index] == UInt8(ascii: "\\"),
          content[index + 1] == UInt8(ascii: "u"), let low = hexUnit(in: content, at: index + 2),
          (0xDC00..<0xE000).contains(low)
        {
          scalar = Unicode.Scalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00))
          index += 6
        }
        bytes.append(contentsOf: UTF8.encode(scalar ?? "\u{FFFD}") ?? UTF8.encodedReplacementCharacter)
      default: return false
      }
    }
  }

  static func hexUnit(in content: UnsafeRawBufferPointer, at index: Int) -> UInt16? {
    guard index + 4 <= content.count else { return nil }
    var unit: UInt16 = 0
    for byte in content[index..<(index + 4)] {
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default: return nil
      }
      unit = unit << 4 | UInt16(digit)
    }
    return unit
  }

  /// The first byte from `start` on that is `"`, `\` or below 0x20; the count if there is none.
  package static func firstSpecial(in text: UnsafeRawBufferPointer, from start: Int) -> Int {
    var index = start
    while index + 8 <= text.count {
      let word = Word(text, at: index)
      let found = word.matches(UInt8(ascii: "\"")) | word.matches(UInt8(ascii: "\\")) | word.below(0x20)
      if found != 0 { return index + found.trailingZeroBitCount / 8 }
      index += 8
    }
    while index < text.count {
      let byte = text[index]
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { return index }
      index += 1
    }
    return index
  }

  private static func firstQuoteOrBackslash(in text: UnsafeRawBufferPointer, from start: Int) -> Int {
    var index = start
    while index + 8 <= text.count {
      let word = Word(text, at: index)
      let found = word.matches(UInt8(ascii: "\"")) | word.matches(UInt8(ascii: "\\"))
      if found != 0 { return index + found.trailingZeroBitCount / 8 }
      index += 8
    }
    while index < text.count, text[index] != UInt8(ascii: "\""), text[index] != UInt8(ascii: "\\") { index += 1 }
    return index
  }
}
