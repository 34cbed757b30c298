/// Terminal output as one line of plain text.
enum PlainText {
  /// The last line that is not blank, without escape sequences (ECMA-48), control and format characters; at most
  /// `longest` characters.
  static func line(of text: String, longest: Int) -> String {
    for line in text.split(whereSeparator: \.isNewline).reversed() {
      let plain = stripped(line.unicodeScalars, longest: longest)
      if !plain.isEmpty { return plain }
    }
    return ""
  }

  private static func stripped(_ scalars: Substring.UnicodeScalarView, longest: Int) -> String {
    var plain = String.UnicodeScalarView()
    var rest = scalars.makeIterator()
    var count = 0
    while count < longest, let scalar = rest.next() {
      if scalar == "\u{1B}" {
        skipSequence(&rest)
      } else if scalar == "\t" || scalar == " " {
        if let last = plain.last, last != " " { plain.append(" ") }
        count += 1
      } else if isShown(scalar) {
        plain.append(scalar)
        count += 1
      }
    }
    while plain.last == " " { plain.removeLast() }
    return String(plain)
  }

  private static func skipSequence(_ rest: inout Substring.UnicodeScalarView.Iterator) {
    guard let introducer = rest.next() else { return }
    switch introducer {
    case "[":
      while let scalar = rest.next(), !("@"..."~").contains(scalar) {}
    case "]", "P", "X", "^", "_":
      while let scalar = rest.next(), scalar != "\u{07}" {
        if scalar == "\u{1B}" {
          _ = rest.next()
          return
        }
      }
    default: break
    }
  }

  private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: scalar == "\u{200D}"
    default: true
    }
  }
}
