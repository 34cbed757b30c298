/// The numbers and words between the strings of a JSON object (RFC 8259 section 3), told without reading the rest of it.
enum JSONScalar {
  /// Whether the byte may be of one.
  static func has(_ byte: UInt8) -> Bool {
    TokenAlphabet(of: byte).contains(.letterOrDigit) || "+-.".utf8.contains(byte)
  }

  /// Whether it is a number, `true`, `false` or `null`.
  static func isOne(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
    if ["true", "false", "null"].contains(where: { bytes.elementsEqual($0.utf8) }) { return true }
    guard let first = bytes.first, first == UInt8(ascii: "-") || TokenAlphabet(of: first).contains(.digit) else {
      return false
    }
    return bytes.allSatisfy { TokenAlphabet(of: $0).contains(.digit) || "+-.eE".utf8.contains($0) }
  }

  /// What is over a range of the text between strings and is no blank or mark, each as far as it goes on as a number or
  /// word, but from no earlier than `least`.
  static func runs(in text: UnsafeRawBufferPointer, over range: Range<Int>, from least: Int) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    var index = range.lowerBound
    while index < range.upperBound {
      guard isOfValue(text[index]) else {
        index += 1
        continue
      }
      var (start, end) = (index, index)
      while start > least, has(text[start - 1]) { start -= 1 }
      while end < text.count, end < range.upperBound ? isOfValue(text[end]) : has(text[end]) { end += 1 }
      runs.append(start..<end)
      index = end
    }
    return runs
  }

  private static func isOfValue(_ byte: UInt8) -> Bool { byte > 0x20 && !"{}[]:,".utf8.contains(byte) }
}
