/// Where header blocks end (RFC 9112 section 2.1); a lone LF is taken for a line's end (section 2.2).
enum HTTPHead {
  /// The bytes up to and with the empty line; nil if it has not come.
  static func length(in buffer: [UInt8]) -> Int? {
    var index = buffer.startIndex
    while let end = buffer[index...].firstIndex(of: 0x0A) {
      let line = buffer[index..<end]
      if line.isEmpty || line.elementsEqual([0x0D]) { return end + 1 }
      index = end + 1
    }
    return nil
  }
}
