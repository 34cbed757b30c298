/// Checks UTF-8 (RFC 3629) that comes in pieces: a bad byte is seen when it comes, also within a character.
struct UTF8Progress: Sendable {
  /// How many bytes the character begun still needs, and what its next byte may be.
  private var missing = 0
  private var lowest: UInt8 = 0x80
  private var highest: UInt8 = 0xBF

  /// Whether no character is begun and unfinished.
  var isAtBoundary: Bool { missing == 0 }

  /// Takes the next bytes; false if they can't be part of any valid text after those before.
  mutating func feed(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var index = 0
    while index < bytes.count {
      if missing == 0, index &+ 8 <= bytes.count, Word(bytes, at: index).isASCII {
        index &+= 8
        continue
      }
      guard take(bytes[index]) else { return false }
      index &+= 1
    }
    return true
  }

  @inline(__always)
  private mutating func take(_ byte: UInt8) -> Bool {
    if missing > 0 {
      guard lowest <= byte, byte <= highest else { return false }
      missing &-= 1
      (lowest, highest) = (0x80, 0xBF)
      return true
    }
    switch byte {
    case 0x00...0x7F: break
    case 0xC2...0xDF: missing = 1
    case 0xE0: (missing, lowest) = (2, 0xA0)
    case 0xED: (missing, highest) = (2, 0x9F)
    case 0xE1...0xEF: missing = 2
    case 0xF0: (missing, lowest) = (3, 0x90)
    case 0xF4: (missing, highest) = (3, 0x8F)
    case 0xF1...0xF3: missing = 3
    default: return false
    }
    return true
  }
}
