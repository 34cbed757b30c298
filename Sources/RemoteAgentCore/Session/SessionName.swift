/// Names for sessions that were given none.
package enum SessionName {
  /// A UUID of version 7 (RFC 9562 section 5.7): names sort by the time they were made.
  ///
  /// - Parameters:
  ///   - ts: Unix milliseconds.
  ///   - random: 10 random bytes.
  package static func make(ts: Int64, random: [UInt8]) -> String {
    precondition(random.count == 10)
    var bytes = (0..<6).map { UInt8(truncatingIfNeeded: ts >> (40 - 8 * Int64($0))) } + random
    bytes[6] = bytes[6] & 0x0F | 0x70
    bytes[8] = bytes[8] & 0x3F | 0x80
    let digits = Hex.encode(bytes)
    var name = ""
    for (index, digit) in digits.enumerated() {
      if [8, 12, 16, 20].contains(index) { name.append("-") }
      name.append(digit)
    }
    return name
  }
}
