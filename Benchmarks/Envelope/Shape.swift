/// A kind of line.
struct Shape {
  let name: String
  let content: String

  /// About `bytes` bytes of such lines, each with its LF, and how many they are.
  func input(bytes: Int) -> (text: [UInt8], lines: Int) {
    let line = Array(content.utf8) + [0x0A]
    let lines = max(1, bytes / line.count)
    var text: [UInt8] = []
    text.reserveCapacity(lines * line.count)
    for _ in 0..<lines { text.append(contentsOf: line) }
    return (text, lines)
  }
}
