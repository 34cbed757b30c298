/// A set of bytes.
struct ByteSet: Equatable {
  private var words: SIMD4<UInt64> = .zero

  init() {}

  init(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { insert(byte) }
  }

  /// Without a line feed, which no pattern matches.
  static let all = ByteSet((0...255).filter { $0 != UInt8(ascii: "\n") })

  var inverted: ByteSet { ByteSet((0...255).filter { !contains($0) && $0 != UInt8(ascii: "\n") }) }

  /// With the other case of each ASCII letter.
  var caseless: ByteSet {
    var both = self
    for letter in UInt8(ascii: "a")...UInt8(ascii: "z") {
      if contains(letter) { both.insert(letter - 0x20) }
      if contains(letter - 0x20) { both.insert(letter) }
    }
    return both
  }

  func contains(_ byte: UInt8) -> Bool { words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1 }

  mutating func insert(_ byte: UInt8) { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }

  mutating func formUnion(_ other: ByteSet) { words |= other.words }
}
