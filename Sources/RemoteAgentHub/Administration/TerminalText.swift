/// Makes bytes of an agent's harmless on a terminal: nothing in them moves the cursor, answers a query or hides text.
package enum TerminalText {
  /// Appends the text; a control or format character (C0 but for the tab, and LF if `keepsLines`, C1, bidi marks) and
  /// every byte that is not UTF-8 stands as an escape, `\u001b` or `\x9b`.
  package static func append(_ text: some Collection<UInt8>, keepsLines: Bool = false, to output: inout [UInt8]) {
    // Printable ASCII is nearly all there is: it needs no decoding.
    if text.allSatisfy({ (0x20..<0x7F).contains($0) || $0 == 0x09 || (keepsLines && $0 == 0x0A) }) {
      output.append(contentsOf: text)
      return
    }
    var rest = text[...]
    while let first = rest.first {
      guard let scalar = scalar(at: rest) else {
        output.append(contentsOf: "\\x\(hex(UInt32(first), digits: 2))".utf8)
        rest = rest.dropFirst()
        continue
      }
      let width = UTF8.width(scalar)
      if isHarmless(scalar) || (keepsLines && scalar == "\n") {
        output.append(contentsOf: rest.prefix(width))
      } else {
        escape(scalar, to: &output)
      }
      rest = rest.dropFirst(width)
    }
  }

  /// The text as an entry of a line: a tab is a blank.
  package static func field(_ text: String) -> String {
    var output: [UInt8] = []
    append(text.utf8.map { $0 == UInt8(ascii: "\t") ? UInt8(ascii: " ") : $0 }, to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  /// The scalar that the bytes begin with; nil if they begin with none.
  private static func scalar(at bytes: some Collection<UInt8>) -> Unicode.Scalar? {
    var decoder = UTF8()
    var iterator = bytes.prefix(4).makeIterator()
    guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return nil }
    return scalar
  }

  private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return (0x20..<0x7F).contains(scalar.value) || scalar == "\t" }
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator, .surrogate: return false
    // A zero-width joiner is part of many an emoji.
    case .format: return scalar == "\u{200D}"
    default: return true
    }
  }

  private static func escape(_ scalar: Unicode.Scalar, to output: inout [UInt8]) {
    // As in JSON, so that a line of JSON stays what it was.
    for unit in Character(scalar).utf16 { output.append(contentsOf: "\\u\(hex(UInt32(unit), digits: 4))".utf8) }
  }

  private static func hex(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
