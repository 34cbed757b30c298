/// The query of a request's URL, as forms and `URLSearchParams` write it.
struct Query: Sendable {
  static let largestSeq: Int64 = 1 << 53

  private var values: [String: String] = [:]

  /// Throws for what is not percent-encoded UTF-8. Of names that stand twice the first counts.
  init(_ text: String?) throws(Problem) {
    for pair in (text ?? "").split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decoded(parts[0]), let value = Self.decoded(parts.count > 1 ? parts[1] : "") else {
        throw .badRequest("the query is not percent-encoded UTF-8")
      }
      if values[name] == nil { values[name] = value }
    }
  }

  subscript(name: String) -> String? { values[name] }

  func integer(_ name: String, in range: ClosedRange<Int64>) throws(Problem) -> Int64? {
    guard let text = values[name] else { return nil }
    guard let value = Int64(text), range.contains(value) else {
      throw .badRequest("\(name) must be from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// `1` or `0`.
  func flag(_ name: String) throws(Problem) -> Bool? {
    switch values[name] {
    case nil: return nil
    case "1": return true
    case "0": return false
    default: throw .badRequest("\(name) must be 0 or 1")
    }
  }

  static func decoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8.makeIterator()
    while let byte = rest.next() {
      switch byte {
      case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit) else { return nil }
        bytes.append(high << 4 | low)
      default: bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
  }
}
