/// A request's or answer's start line and headers, as much of HTTP as an opening handshake needs.
struct HTTPHead {
  static let limit = 16_384

  let startLine: [Substring]
  private let fields: [(name: String, value: String)]
  /// The bytes of the head, with the empty line.
  let count: Int

  /// Reads a head that `bytes` begin with; nil if it isn't whole yet.
  init?(_ bytes: [UInt8]) {
    let end: [UInt8] = [13, 10, 13, 10]
    guard bytes.count >= 4,
      let start = (0...(bytes.count - 4)).first(where: { bytes[$0..<($0 + 4)].elementsEqual(end) })
    else { return nil }
    count = start + 4
    var lines = String(decoding: bytes[..<start], as: UTF8.self).split(separator: "\r\n")[...]
    startLine = lines.popFirst()?.split(separator: " ", maxSplits: 2) ?? []
    fields = lines.compactMap { line in
      guard let colon = line.firstIndex(of: ":") else { return nil }
      return (line[..<colon].lowercased(), String(line[line.index(after: colon)...]))
    }
  }

  func values(_ name: String) -> [String] {
    fields.filter { $0.name == name }.map(\.value)
  }
}
