/// Reed-Solomon codes over GF(2^8) with x^8 + x^4 + x^3 + x^2 + 1 (ISO/IEC 18004:2015, section 7.5.2).
enum ReedSolomon {
  /// The generator polynomial's coefficients, the highest power's (1) left out.
  static func generator(degree: Int) -> [UInt8] {
    var generator = [UInt8](repeating: 0, count: degree - 1) + [1]
    var root: UInt8 = 1
    for _ in 0..<degree {
      for index in 0..<degree {
        generator[index] = product(generator[index], root)
        if index + 1 < degree { generator[index] ^= generator[index + 1] }
      }
      root = product(root, 2)
    }
    return generator
  }

  /// The codewords that correct `data`.
  static func remainder(of data: some Sequence<UInt8>, by generator: [UInt8]) -> [UInt8] {
    var remainder = [UInt8](repeating: 0, count: generator.count)
    for byte in data {
      let factor = byte ^ remainder.removeFirst()
      remainder.append(0)
      for (index, coefficient) in generator.enumerated() { remainder[index] ^= product(coefficient, factor) }
    }
    return remainder
  }

  private static func product(_ one: UInt8, _ other: UInt8) -> UInt8 {
    var product: UInt8 = 0
    for bit in (0..<8).reversed() {
      product = product << 1 ^ (product & 0x80 == 0 ? 0 : 0x1D)
      if other >> UInt8(bit) & 1 == 1 { product ^= one }
    }
    return product
  }
}
