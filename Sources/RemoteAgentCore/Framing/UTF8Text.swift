/// UTF-8 (RFC 3629): whether bytes are valid, and where they may be cut.
package enum UTF8Text {
  package static func isValid(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { isValid($0) }
  }

  /// Whether all of it is well-formed: no overlong form, no surrogate, nothing beyond U+10FFFF, nothing cut off.
  package static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var index = 0
    while index < bytes.count {
      if index + 8 <= bytes.count, Word(bytes, at: index).isASCII {
        index += 8
        continue
      }
      let length = sequenceLength(in: bytes, at: index)
      if length == 0 { return false }
      index += length
    }
    return true
  }

  /// The character whose well-formed sequence begins at `index`, and the sequence's length; nil if none does.
  package static func scalar(in bytes: UnsafeRawBufferPointer, at index: Int) -> (scalar: Unicode.Scalar, length: Int)?
  {
    let length = sequenceLength(in: bytes, at: index)
    guard length > 0 else { return nil }
    var value = UInt32(bytes[index])
    if length > 1 { value &= 0x7F >> UInt32(length) }
    for offset in 1..<max(1, length) { value = value << 6 | UInt32(bytes[index + offset] & 0x3F) }
    return Unicode.Scalar(value).map { ($0, length) }
  }

  /// The length of the well-formed sequence at `index`, 0 if there is none.
  private static func sequenceLength(in bytes: UnsafeRawBufferPointer, at index: Int) -> Int {
    let first = bytes[index]
    let left = bytes.count - index
    func continues(_ offset: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
      range.contains(bytes[index + offset])
    }
    switch first {
    case 0x00...0x7F: return 1
    case 0xC2...0xDF: return left >= 2 && continues(1) ? 2 : 0
    case 0xE0: return left >= 3 && continues(1, 0xA0...0xBF) && continues(2) ? 3 : 0
    case 0xED: return left >= 3 && continues(1, 0x80...0x9F) && continues(2) ? 3 : 0
    case 0xE1...0xEF: return left >= 3 && continues(1) && continues(2) ? 3 : 0
    case 0xF0: return left >= 4 && continues(1, 0x90...0xBF) && continues(2) && continues(3) ? 4 : 0
    case 0xF1...0xF3: return left >= 4 && continues(1) && continues(2) && continues(3) ? 4 : 0
    case 0xF4: return left >= 4 && continues(1, 0x80...0x8F) && continues(2) && continues(3) ? 4 : 0
    default: return 0
    }
  }

  /// The largest cut of at most `limit` bytes that doesn't split a character; `limit` itself where the bytes there
  /// are not UTF-8 anyway.
  package static func boundary(in bytes: UnsafeRawBufferPointer, atMost limit: Int) -> Int {
    guard limit < bytes.count else { return bytes.count }
    for back in 0..<min(4, limit) {
      let byte = bytes[limit - back]
      if byte & 0xC0 != 0x80 { return limit - back }
    }
    return limit
  }
}
