/// The kinds of bytes that tokens are made of, as bits.
struct TokenAlphabet: OptionSet {
  let rawValue: UInt8

  static let letterOrDigit = TokenAlphabet(rawValue: 1)
  /// In lower case.
  static let hex = TokenAlphabet(rawValue: 2)
  static let upperOrDigit = TokenAlphabet(rawValue: 4)
  /// base64url without padding.
  static let urlSafe = TokenAlphabet(rawValue: 8)
  /// base64 without padding.
  static let base64 = TokenAlphabet(rawValue: 16)
  /// base64url and full stops.
  static let dotted = TokenAlphabet(rawValue: 32)
  /// RFC 9110 section 11.2.
  static let token68 = TokenAlphabet(rawValue: 64)
  static let digit = TokenAlphabet(rawValue: 128)

  /// The kinds that a byte is of.
  init(of byte: UInt8) {
    var kinds: TokenAlphabet = []
    let character = Unicode.Scalar(byte)
    let isDigit = ("0"..."9").contains(character)
    let isUpper = ("A"..."Z").contains(character)
    let isLower = ("a"..."z").contains(character)
    if isDigit { kinds.insert(.digit) }
    if isDigit || isUpper || isLower { kinds.formUnion([.letterOrDigit, .urlSafe, .base64, .dotted, .token68]) }
    if isDigit || ("a"..."f").contains(character) { kinds.insert(.hex) }
    if isDigit || isUpper { kinds.insert(.upperOrDigit) }
    switch character {
    case "-", "_": kinds.formUnion([.urlSafe, .dotted, .token68])
    case "+", "/": kinds.formUnion([.base64, .token68])
    case ".": kinds.formUnion([.dotted, .token68])
    case "~", "=": kinds.insert(.token68)
    default: break
    }
    self = kinds
  }

  init(rawValue: UInt8) { self.rawValue = rawValue }
}
