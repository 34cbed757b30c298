/// A length of time as the command lines take it: a number and a unit, `90s`, `30m`, `1h`, `7d`.
package struct TimeSpan: Sendable, Equatable {
  /// Positive.
  package let milliseconds: Milliseconds

  /// Nil for what is no such length, or is 0, or is longer than can be counted.
  package init?(argument: String) {
    let unit: Milliseconds
    switch argument.utf8.last {
    case UInt8(ascii: "s"): unit = 1_000
    case UInt8(ascii: "m"): unit = 60_000
    case UInt8(ascii: "h"): unit = 3_600_000
    case UInt8(ascii: "d"): unit = 86_400_000
    default: return nil
    }
    let digits = argument.utf8.dropLast()
    guard !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let number = Int64(argument.dropLast()), number > 0
    else { return nil }
    let (span, isTooLong) = number.multipliedReportingOverflow(by: unit)
    guard !isTooLong else { return nil }
    milliseconds = span
  }
}
