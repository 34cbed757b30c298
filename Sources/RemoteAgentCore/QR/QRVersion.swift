/// What a version of a QR code holds (ISO/IEC 18004:2015, tables 1, 9 and E.1).
struct QRVersion: Sendable {
  let number: Int
  /// Codewords of data and correction together.
  let codewords: Int
  /// The rows, and columns, of the alignment patterns' centres.
  let alignment: [Int]
  private let low: Blocks
  private let medium: Blocks

  /// Into how many blocks the codewords are divided, and how many of each correct the others.
  struct Blocks: Sendable {
    let count: Int
    let correction: Int
  }

  private init(_ number: Int, _ codewords: Int, low: (Int, Int), medium: (Int, Int), alignment: [Int]) {
    self.number = number
    self.codewords = codewords
    self.low = Blocks(count: low.0, correction: low.1)
    self.medium = Blocks(count: medium.0, correction: medium.1)
    self.alignment = alignment
  }

  static let all = [
    QRVersion(1, 26, low: (1, 7), medium: (1, 10), alignment: []),
    QRVersion(2, 44, low: (1, 10), medium: (1, 16), alignment: [6, 18]),
    QRVersion(3, 70, low: (1, 15), medium: (1, 26), alignment: [6, 22]),
    QRVersion(4, 100, low: (1, 20), medium: (2, 18), alignment: [6, 26]),
    QRVersion(5, 134, low: (1, 26), medium: (2, 24), alignment: [6, 30]),
    QRVersion(6, 172, low: (2, 18), medium: (4, 16), alignment: [6, 34]),
    QRVersion(7, 196, low: (2, 20), medium: (4, 18), alignment: [6, 22, 38]),
    QRVersion(8, 242, low: (2, 24), medium: (4, 22), alignment: [6, 24, 42]),
    QRVersion(9, 292, low: (2, 30), medium: (5, 22), alignment: [6, 26, 46]),
    QRVersion(10, 346, low: (4, 18), medium: (5, 26), alignment: [6, 28, 50]),
  ]

  /// Modules on each side.
  var size: Int { 17 + 4 * number }

  func blocks(at level: QRCode.Level) -> Blocks { level == .low ? low : medium }

  /// Codewords of data, mode and length included.
  func dataCodewords(at level: QRCode.Level) -> Int {
    let blocks = blocks(at: level)
    return codewords - blocks.count * blocks.correction
  }

  /// Bits of the length in byte mode (table 3).
  var lengthBits: Int { number < 10 ? 8 : 16 }

  /// Bytes that fit.
  func capacity(at level: QRCode.Level) -> Int { dataCodewords(at: level) - (4 + lengthBits + 7) / 8 }
}
