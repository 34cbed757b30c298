/// Crockford's base32 symbols: codes that people read out and type, and shells take as they are.
package enum Crockford {
  /// The 32 symbols in the order of their values.
  package static let alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

  /// What a person typed, as it was given out: case, dashes and white space don't matter, I and L are 1, O is 0.
  ///
  /// What is no symbol stays as it is.
  package static func normalized(_ text: String) -> String {
    var symbols = String.UnicodeScalarView()
    // Scalars, not characters: a CR and LF would be one character.
    for scalar in text.uppercased().unicodeScalars {
      switch scalar {
      case "-", " ", "\t", "\r", "\n": break
      case "I", "L": symbols.append("1")
      case "O": symbols.append("0")
      default: symbols.append(scalar)
      }
    }
    return String(symbols)
  }
}
