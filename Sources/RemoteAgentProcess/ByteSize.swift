/// A number of bytes as the command lines take it: digits, and K, M or G for 1024, 1024² or 1024³ of them.
package struct ByteSize: Sendable, Equatable, CustomStringConvertible {
  /// Not negative.
  package let bytes: Int64

  package init(bytes: Int64) { self.bytes = bytes }

  /// Nil for what is no such number.
  package init?(argument: String) {
    let shift: Int64 =
      switch argument.last {
      case "K", "k": 10
      case "M", "m": 20
      case "G", "g": 30
      default: 0
      }
    let digits = shift == 0 ? argument[...] : argument.dropLast()
    guard digits.first?.isNumber == true, let number = Int64(digits), number <= Int64.max >> shift else { return nil }
    bytes = number << shift
  }

  /// In the largest unit that it is a multiple of.
  package var description: String {
    for (shift, unit) in [(30, "G"), (20, "M"), (10, "K")] where bytes > 0 && bytes % (1 << shift) == 0 {
      return "\(bytes >> shift)\(unit)"
    }
    return "\(bytes)"
  }
}
