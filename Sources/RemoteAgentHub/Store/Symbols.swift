import RemoteAgentCore
import RemoteAgentTLS

/// Names and codes in Crockford's symbols.
enum Symbols {
  private static let alphabet = Array(Crockford.alphabet.utf8)

  /// Random symbols, five bits each, in upper case.
  static func random(_ count: Int) -> String {
    // 256 is a multiple of 32: no symbol is likelier than another.
    String(decoding: SecureRandom.bytes(count).map { alphabet[Int($0 & 31)] }, as: UTF8.self)
  }
}
