import ArgumentParser

/// A number of bytes as the command line takes it: digits, and K, M or G for 1024, 1024² or 1024³ of them.
struct ByteSize: ExpressibleByArgument, CustomStringConvertible {
  /// Not negative.
  let bytes: Int64

  init(bytes: Int64) { self.bytes = bytes }

  init?(argument: String) {
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

  var description: String { "\(bytes)" }
}
