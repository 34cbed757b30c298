/// Bytes as the codewords of a QR code (ISO/IEC 18004:2015, sections 7.4 to 7.6).
enum QRCodewords {
  /// The codewords in the order in which they are laid out.
  static func make(of bytes: [UInt8], version: QRVersion, level: QRCode.Level) -> [UInt8] {
    let data = data(of: bytes, version: version, level: level)
    let blocks = version.blocks(at: level)
    let generator = ReedSolomon.generator(degree: blocks.correction)
    let short = data.count / blocks.count
    // The last blocks have one codeword more where the data can't be divided evenly.
    let longer = blocks.count - data.count % blocks.count
    var (parts, corrections): ([ArraySlice<UInt8>], [[UInt8]]) = ([], [])
    var start = 0
    for index in 0..<blocks.count {
      let part = data[start..<(start + short + (index < longer ? 0 : 1))]
      start = part.endIndex
      parts.append(part)
      corrections.append(ReedSolomon.remainder(of: part, by: generator))
    }
    var codewords: [UInt8] = []
    for index in 0...short {
      for part in parts where index < part.count { codewords.append(part[part.startIndex + index]) }
    }
    for index in 0..<blocks.correction {
      for correction in corrections { codewords.append(correction[index]) }
    }
    return codewords
  }

  /// Mode, length, bytes, terminator and padding.
  private static func data(of bytes: [UInt8], version: QRVersion, level: QRCode.Level) -> [UInt8] {
    // The mode's 4 bits and the length leave every byte in two halves.
    var nibbles: [UInt8] = [0b0100]
    for shift in stride(from: version.lengthBits - 4, through: 0, by: -4) {
      nibbles.append(UInt8(bytes.count >> shift & 0xF))
    }
    for byte in bytes { nibbles += [byte >> 4, byte & 0xF] }
    // The terminator is 4 bits, which there is room for: the mode's are the other half of its byte.
    nibbles.append(0)
    var data = stride(from: 0, to: nibbles.count, by: 2).map { nibbles[$0] << 4 | nibbles[$0 + 1] }
    var pad: UInt8 = 0xEC
    while data.count < version.dataCodewords(at: level) {
      data.append(pad)
      pad = pad == 0xEC ? 0x11 : 0xEC
    }
    return data
  }
}
