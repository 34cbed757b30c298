/// The square of modules while a QR code is drawn (ISO/IEC 18004:2015, sections 6.3, 7.7 to 7.10).
struct QRModules: Sendable, Equatable {
  let size: Int
  private var dark: [Bool]
  /// Patterns and information, which no mask touches.
  private var isFixed: [Bool]

  /// The code without its mask and format.
  init(version: QRVersion, codewords: [UInt8]) {
    size = version.size
    dark = [Bool](repeating: false, count: size * size)
    isFixed = dark
    drawPatterns(version)
    drawVersion(version)
    // Keeps the places of the format, which is drawn last.
    drawFormat(bits: 0)
    draw(codewords)
  }

  subscript(row: Int, column: Int) -> Bool { dark[row * size + column] }

  private mutating func fix(_ row: Int, _ column: Int, _ isDark: Bool) {
    dark[row * size + column] = isDark
    isFixed[row * size + column] = true
  }

  private mutating func drawPatterns(_ version: QRVersion) {
    for index in 0..<size {
      fix(6, index, index % 2 == 0)
      fix(index, 6, index % 2 == 0)
    }
    for (row, column) in [(3, 3), (3, size - 4), (size - 4, 3)] { drawFinder(row, column) }
    let last = version.alignment.last
    for row in version.alignment {
      for column in version.alignment
      where !((row, column) == (6, 6) || (row == 6 && column == last) || (row == last && column == 6)) {
        drawRings(row, column, radius: 2) { $0 != 1 }
      }
    }
  }

  /// A finder pattern with its separator; what lies outside is left out.
  private mutating func drawFinder(_ row: Int, _ column: Int) {
    drawRings(row, column, radius: 4) { $0 != 2 && $0 != 4 }
  }

  private mutating func drawRings(_ row: Int, _ column: Int, radius: Int, isDark: (Int) -> Bool) {
    for down in -radius...radius {
      for right in -radius...radius {
        guard (0..<size).contains(row + down), (0..<size).contains(column + right) else { continue }
        fix(row + down, column + right, isDark(max(abs(down), abs(right))))
      }
    }
  }

  /// The version, twice, from version 7 on: 6 bits and the 12 of a BCH code (section 7.10).
  private mutating func drawVersion(_ version: QRVersion) {
    guard version.number >= 7 else { return }
    let bits = version.number << 12 | QRModules.remainder(version.number << 12, by: 0x1F25)
    for index in 0..<18 {
      let isDark = bits >> index & 1 == 1
      fix(index / 3, size - 11 + index % 3, isDark)
      fix(size - 11 + index % 3, index / 3, isDark)
    }
  }

  /// Level and mask, twice: 5 bits and the 10 of a BCH code, masked themselves (section 7.9).
  mutating func drawFormat(level: QRCode.Level, mask: Int) {
    let data = (level == .low ? 0b01 : 0b00) << 3 | mask
    drawFormat(bits: (data << 10 | QRModules.remainder(data << 10, by: 0x537)) ^ 0x5412)
  }

  private mutating func drawFormat(bits: Int) {
    for index in 0..<15 {
      let isDark = bits >> index & 1 == 1
      // Around the upper left finder; the timing patterns' row and column are passed over.
      switch index {
      case 0..<6: fix(index, 8, isDark)
      case 6, 7: fix(index + 1, 8, isDark)
      case 8: fix(8, 7, isDark)
      default: fix(8, 14 - index, isDark)
      }
      // Beside the two others.
      if index < 8 { fix(8, size - 1 - index, isDark) } else { fix(size - 15 + index, 8, isDark) }
    }
    fix(size - 8, 8, true)
  }

  /// The remainder of a division of polynomials over GF(2).
  private static func remainder(_ dividend: Int, by divisor: Int) -> Int {
    let width = Int.bitWidth - divisor.leadingZeroBitCount
    var rest = dividend
    while Int.bitWidth - rest.leadingZeroBitCount >= width {
      rest ^= divisor << (Int.bitWidth - rest.leadingZeroBitCount - width)
    }
    return rest
  }

  /// Codewords in pairs of columns from the right, up and down in turns; what is left over is light.
  private mutating func draw(_ codewords: [UInt8]) {
    var bit = 0
    var isUpward = true
    for right in stride(from: size - 1, to: 0, by: -2) {
      // The column of the timing pattern is no half of a pair.
      let right = right <= 6 ? right - 1 : right
      for step in 0..<size {
        let row = isUpward ? size - 1 - step : step
        for column in [right, right - 1] where !isFixed[row * size + column] && bit < codewords.count * 8 {
          dark[row * size + column] = codewords[bit / 8] >> UInt8(7 - bit % 8) & 1 == 1
          bit += 1
        }
      }
      isUpward.toggle()
    }
  }

  /// Turns over the data's modules that a mask names (table 10); a second time undoes it.
  mutating func apply(mask: Int) {
    for row in 0..<size {
      for column in 0..<size where !isFixed[row * size + column] {
        let isTurned =
          switch mask {
          case 0: (row + column) % 2 == 0
          case 1: row % 2 == 0
          case 2: column % 3 == 0
          case 3: (row + column) % 3 == 0
          case 4: (row / 2 + column / 3) % 2 == 0
          case 5: row * column % 2 + row * column % 3 == 0
          case 6: (row * column % 2 + row * column % 3) % 2 == 0
          default: ((row + column) % 2 + row * column % 3) % 2 == 0
          }
        if isTurned { dark[row * size + column].toggle() }
      }
    }
  }
}
