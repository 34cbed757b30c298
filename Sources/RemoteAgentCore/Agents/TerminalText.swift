/// Text that may be shown on a terminal, whoever wrote it.
package enum TerminalText {
  /// The text with what could steer a terminal, or hide or reorder text, written as `\u{…}`: control characters but tab
  /// and line feed, format characters (bidirectional ones, tags) but the joiners that emoji and scripts need, line and
  /// paragraph separators.
  package static func safe(_ text: String) -> String {
    if text.utf8.allSatisfy({ ($0 >= 0x20 && $0 < 0x7F) || $0 == 0x0A || $0 == 0x09 }) { return text }
    var safe = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if isHarmless(scalar) {
        safe.append(scalar)
      } else {
        safe.append(contentsOf: scalar.escaped(asASCII: true).unicodeScalars)
      }
    }
    return String(safe)
  }

  private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A: return true
    // Zero width non-joiner and joiner.
    case 0x200C, 0x200D: return true
    default: break
    }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: return false
    default: return true
    }
  }
}
