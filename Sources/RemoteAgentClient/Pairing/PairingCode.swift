import RemoteAgentCore

/// A pairing code: 8 Crockford base32 symbols, shown `XXXX-XXXX` (PROTOCOL section 3).
package struct PairingCode: Sendable, Equatable {
  /// The symbols, in upper case, without the dash.
  package let symbols: String

  /// Reads what a person typed: case, dashes and blanks don't matter, I and L are 1, O is 0. Nil if it is no code.
  package init?(_ text: String) {
    let symbols = Crockford.normalized(text)
    guard symbols.unicodeScalars.count == 8,
      symbols.unicodeScalars.allSatisfy(Crockford.alphabet.unicodeScalars.contains)
    else { return nil }
    self.symbols = symbols
  }
}
