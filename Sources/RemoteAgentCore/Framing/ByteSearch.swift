extension UnsafeRawBufferPointer {
  /// The first index from `start` on where `byte` stands, eight bytes looked at at once; nil if there is none.
  func firstIndex(of byte: UInt8, from start: Int) -> Int? {
    var index = start
    while index + 8 <= count {
      let found = Word(self, at: index).matches(byte)
      if found != 0 { return index + found.trailingZeroBitCount / 8 }
      index += 8
    }
    while index < count {
      if self[index] == byte { return index }
      index += 1
    }
    return nil
  }

  /// The last index, not before `start`, where `byte` stands, eight bytes looked at at once; nil if there is none.
  func lastIndex(of byte: UInt8, from start: Int) -> Int? {
    var end = count
    while end - start >= 8, Word(self, at: end - 8).matches(byte) == 0 { end -= 8 }
    while end > start {
      end -= 1
      if self[end] == byte { return end }
    }
    return nil
  }

  /// Whether the bytes are those of an ASCII literal.
  @inline(__always)
  func equals(_ literal: StaticString) -> Bool {
    guard count == literal.utf8CodeUnitCount else { return false }
    for index in 0..<count where self[index] != literal.utf8Start[index] { return false }
    return true
  }
}

extension [UInt8] {
  /// Appends an ASCII literal; cheaper than a String's `utf8`.
  @inline(__always)
  mutating func append(literal: StaticString) {
    append(contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
  }

  /// Appends a part of `bytes`; cheaper than its slice.
  @inline(__always)
  mutating func append(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
    append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[range]))
  }
}
