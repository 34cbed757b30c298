import RemoteAgentTLS

/// Crockford's base32 symbols: names and codes that people read out and shells take as they are.
enum Symbols {
  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

  /// Random symbols, five bits each, in upper case.
  static func random(_ count: Int) -> String {
    // 256 is a multiple of 32: no symbol is likelier than another.
    String(decoding: SecureRandom.bytes(count).map { alphabet[Int($0 & 31)] }, as: UTF8.self)
  }

  /// What a person typed, as it was given out: case, dashes and blanks don't matter, I and L are 1, O is 0.
  ///
  /// What is no symbol stays as it is: such a text equals no code.
  static func normalized(_ text: String) -> String {
    var symbols = ""
    for character in text.uppercased() where !"- \t\r\n".contains(character) {
      switch character {
      case "I", "L": symbols.append("1")
      case "O": symbols.append("0")
      default: symbols.append(character)
      }
    }
    return symbols
  }
}
