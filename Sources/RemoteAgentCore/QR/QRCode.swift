/// A QR code (ISO/IEC 18004:2015) of bytes: model 2, byte mode, versions 1 to 10, error correction L or M.
///
///     bytes ──► codewords, interleaved with their correction ──► modules, zigzag ──► the mask with the least penalty
package struct QRCode: Sendable, Equatable {
  /// How much of the code may be unreadable: 7 or 15 %.
  package enum Level: Sendable, CaseIterable {
    case low, medium
  }

  /// The most bytes that fit into one: those of version 10 at level L.
  package static let capacity = 271

  package let version: Int
  package let level: Level
  /// Which of the 8 masks was laid over the data, 0 to 7.
  package let mask: Int
  private let modules: QRModules

  /// The smallest code of these bytes; level M where that makes it no bigger. Nil if they are more than `capacity`.
  package init?(_ bytes: [UInt8]) {
    for version in QRVersion.all {
      let level = Level.allCases.last { bytes.count <= version.capacity(at: $0) }
      if let level {
        self.init(bytes, version: version.number, level: level)
        return
      }
    }
    return nil
  }

  /// A code of a given form. Nil if the bytes don't fit into it, or there is no such version or mask.
  ///
  /// - Parameter mask: nil for the one with the least penalty (section 7.8.3).
  package init?(_ bytes: [UInt8], version number: Int, level: Level, mask wanted: Int? = nil) {
    guard let version = QRVersion.all.first(where: { $0.number == number }),
      bytes.count <= version.capacity(at: level), (0..<8).contains(wanted ?? 0)
    else { return nil }
    let codewords = QRCodewords.make(of: bytes, version: version, level: level)
    let plain = QRModules(version: version, codewords: codewords)
    func masked(_ mask: Int) -> QRModules {
      var modules = plain
      modules.apply(mask: mask)
      modules.drawFormat(level: level, mask: mask)
      return modules
    }
    var mask = wanted ?? 0
    var best = masked(mask)
    if wanted == nil {
      var least = best.penalty
      for other in 1..<8 {
        let modules = masked(other)
        let penalty = modules.penalty
        if penalty < least { (least, best, mask) = (penalty, modules, other) }
      }
    }
    self.version = number
    self.level = level
    self.mask = mask
    modules = best
  }

  /// Modules on each side, without the quiet zone.
  package var size: Int { modules.size }

  /// Whether a module is dark; those outside, the quiet zone, are light.
  package func isDark(row: Int, column: Int) -> Bool {
    (0..<size).contains(row) && (0..<size).contains(column) && modules[row, column]
  }
}
