/// A QR code for a terminal: half blocks, two modules a character, with the quiet zone of 4 modules.
///
/// White blocks on black, both set by escape sequences (as `qrencode -t ANSIUTF8` does), so that dark is dark whatever the
/// terminal's colours are. They are what is said, not decoration: `NO_COLOR` is not for them.
package enum QRText {
  private static let quietZone = 4

  /// Characters in a line.
  package static func columns(_ code: QRCode) -> Int { code.size + 2 * quietZone }

  /// The lines, without their ends.
  package static func lines(_ code: QRCode) -> [String] {
    let range = -quietZone..<(code.size + quietZone)
    return stride(from: range.lowerBound, to: range.upperBound, by: 2).map { row in
      // The number of rows is odd: the lower half of the last line is light, as all that is outside.
      let blocks = range.map { column in
        switch (code.isDark(row: row, column: column), code.isDark(row: row + 1, column: column)) {
        case (false, false): "█"
        case (false, true): "▀"
        case (true, false): "▄"
        case (true, true): " "
        }
      }
      return "\u{1B}[40;37;1m\(blocks.joined())\u{1B}[0m"
    }
  }
}
