import Testing

@testable import RemoteAgentCore

/// Module by module against another's codes: Tests/QR/run.
@Suite struct QRCodeTests {
  @Test func `the codewords that correct 1-M of HELLO WORLD`() {
    // The worked example of many a tutorial; numbers may be checked by hand.
    let data: [UInt8] = [32, 91, 11, 120, 209, 114, 220, 77, 67, 64, 236, 17, 236, 17, 236, 17]
    let generator = ReedSolomon.generator(degree: 10)
    #expect(ReedSolomon.remainder(of: data, by: generator) == [196, 35, 39, 119, 235, 215, 231, 226, 93, 23])
  }

  @Test func `what is corrected is a multiple of the generator`() {
    let generator = ReedSolomon.generator(degree: 30)
    let data = (0..<100).map { UInt8(truncatingIfNeeded: $0 * 37) }
    let whole = data + ReedSolomon.remainder(of: data, by: generator)
    #expect(ReedSolomon.remainder(of: whole, by: generator) == [UInt8](repeating: 0, count: 30))
  }

  @Test func `the format of each level and mask, as ISO lists it`() throws {
    // Table C.1: L with masks 0 to 7, then M.
    let wanted = [
      0x77C4, 0x72F3, 0x7DAA, 0x789D, 0x662F, 0x6318, 0x6C41, 0x6976,
      0x5412, 0x5125, 0x5E7C, 0x5B4B, 0x45F9, 0x40CE, 0x4F97, 0x4AA0,
    ]
    for (index, format) in wanted.enumerated() {
      let level = index < 8 ? QRCode.Level.low : .medium
      let code = try #require(QRCode([0x61], version: 1, level: level, mask: index % 8))
      // From the lower left upwards along column 8, then from row 8's right end.
      var bits = 0
      for row in stride(from: 20, through: 14, by: -1) { bits = bits << 1 | (code.isDark(row: row, column: 8) ? 1 : 0) }
      for column in 13..<21 { bits = bits << 1 | (code.isDark(row: 8, column: column) ? 1 : 0) }
      #expect(bits == format, "\(level), mask \(index % 8)")
    }
  }

  @Test func `the version stands in the code from version 7 on`() throws {
    let code = try #require(QRCode([0x61], version: 7, level: .low))
    var bits = 0
    for index in (0..<18).reversed() {
      bits = bits << 1 | (code.isDark(row: index / 3, column: 34 + index % 3) ? 1 : 0)
    }
    #expect(bits == 0x07C94)
    for index in 0..<18 {
      let isSame =
        code.isDark(row: index / 3, column: 34 + index % 3) == code.isDark(row: 34 + index % 3, column: index / 3)
      #expect(isSame)
    }
  }

  @Test func `the smallest version is taken, and the better level where it costs nothing`() {
    let chosen = [1, 14, 15, 17, 18, 26, 32, 213, 230, 231, 271].map { count in
      QRCode([UInt8](repeating: 0x61, count: count)).map { "\($0.version)\($0.level == .low ? "L" : "M")" }
    }
    #expect(chosen == ["1M", "1M", "1L", "1L", "2M", "2M", "2L", "9L", "9L", "10L", "10L"])
  }

  @Test func `what does not fit is no code`() {
    #expect(QRCode([UInt8](repeating: 0, count: QRCode.capacity + 1)) == nil)
    #expect(QRCode([UInt8](repeating: 0, count: 18), version: 1, level: .low) == nil)
    #expect(QRCode([0], version: 0, level: .low) == nil)
    #expect(QRCode([0], version: 11, level: .low) == nil)
    #expect(QRCode([0], version: 1, level: .low, mask: 8) == nil)
    #expect(QRCode([0], version: 1, level: .low, mask: -1) == nil)
    #expect(QRCode([])?.version == 1)
  }

  @Test func `a mask over a mask is none`() throws {
    let version = try #require(QRVersion.all.first)
    let plain = QRModules(version: version, codewords: [UInt8](repeating: 0x5A, count: 26))
    for mask in 0..<8 {
      var modules = plain
      modules.apply(mask: mask)
      #expect(modules != plain)
      modules.apply(mask: mask)
      #expect(modules == plain)
    }
  }

  @Test func `a terminal is shown white blocks on black, and a light margin`() throws {
    let code = try #require(QRCode(Array("https://hub.example".utf8)))
    let lines = QRText.lines(code)
    #expect(lines.count == (QRText.columns(code) + 1) / 2)
    #expect(QRText.columns(code) == code.size + 8)
    let light = "\u{1B}[40;37;1m" + String(repeating: "█", count: QRText.columns(code)) + "\u{1B}[0m"
    #expect(lines.prefix(2) == [light, light])
    #expect(lines.suffix(2) == [light, light])
    // The finder's first two rows: all dark above, one dark module at each end below.
    #expect(lines[2].hasPrefix("\u{1B}[40;37;1m████ ▄▄▄▄▄ █"))
  }
}
