/// Eight bytes looked at at once (SWAR). Results have the high bit of each byte that was found; below the first found
/// byte they are exact, above it borrows may add more, so only `trailingZeroBitCount` is to be asked.
struct Word {
  let bits: UInt64

  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highs: UInt64 = 0x8080_8080_8080_8080

  @inline(__always)
  init(_ text: UnsafeRawBufferPointer, at index: Int) {
    bits = UInt64(littleEndian: text.loadUnaligned(fromByteOffset: index, as: UInt64.self))
  }

  /// Bytes that equal `byte`.
  @inline(__always)
  func matches(_ byte: UInt8) -> UInt64 {
    let difference = bits ^ (Word.ones &* UInt64(byte))
    return (difference &- Word.ones) & ~difference & Word.highs
  }

  /// Bytes below `limit`, which is at most 0x80.
  @inline(__always)
  func below(_ limit: UInt8) -> UInt64 {
    (bits &- (Word.ones &* UInt64(limit))) & ~bits & Word.highs
  }

  /// Bytes that are no ASCII letter or digit; exact for all eight.
  @inline(__always)
  var neitherLetterNorDigit: UInt64 {
    // Seven bits each, so that no sum reaches the next byte.
    let ascii = bits & ~Word.highs
    let letter = ascii | Word.ones &* 0x20
    let isLetter = (letter &+ Word.ones &* (0x80 - 0x61)) & ~(letter &+ Word.ones &* (0x7F - 0x7A))
    let isDigit = (ascii &+ Word.ones &* (0x80 - 0x30)) & ~(ascii &+ Word.ones &* (0x7F - 0x39))
    return (~(isLetter | isDigit) | bits) & Word.highs
  }

  /// Whether all are ASCII.
  @inline(__always)
  var isASCII: Bool { bits & Word.highs == 0 }
}
