/// SplitMix64: the same seed gives the same run.
package struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) {
    state = seed
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Bytes such as agents give, or don't: text, line feeds, NULs, invalid UTF-8.
  package mutating func bytes(count: Int) -> [UInt8] {
    let flavours: [[UInt8]] = [
      Array("plain text ".utf8), Array("caf\u{E9} \u{1F469}\u{200D}\u{1F4BB} \u{2028}".utf8), [0x0A],
      [0x00, 0x1B, 0x7F],
      [0xFF, 0xC0, 0x80, 0xED, 0xA0, 0x80], Array("{\"a\":[1,2]}\n".utf8), Array("\"\\\r\n".utf8),
    ]
    var result: [UInt8] = []
    while result.count < count {
      result.append(contentsOf: flavours[Int.random(in: 0..<flavours.count, using: &self)])
      if Int.random(in: 0..<4, using: &self) == 0 { result.append(UInt8.random(in: 0...255, using: &self)) }
    }
    return Array(result.prefix(count))
  }
}
