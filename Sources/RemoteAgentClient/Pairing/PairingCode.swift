/// A pairing code: 8 Crockford base32 symbols, shown `XXXX-XXXX` (PROTOCOL section 3).
package struct PairingCode: Sendable, Equatable {
  /// The symbols, in upper case, without the dash.
  package let symbols: String

  /// Reads what a person typed: case, dashes and blanks don't matter, I and L are 1, O is 0. Nil if it is no code.
  package init?(_ text: String) {
    var symbols = ""
    for scalar in text.uppercased().unicodeScalars {
      switch scalar {
      case "-", " ", "\t", "\r", "\n": break
      case "I", "L": symbols.append("1")
      case "O": symbols.append("0")
      case _ where "0123456789ABCDEFGHJKMNPQRSTVWXYZ".unicodeScalars.contains(scalar):
        symbols.unicodeScalars.append(scalar)
      default: return nil
      }
    }
    guard symbols.count == 8 else { return nil }
    self.symbols = symbols
  }
}
