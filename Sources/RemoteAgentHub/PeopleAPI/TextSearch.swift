import RemoteAgentCore

/// Looks for a text in the lines of a log, ASCII letters without case.
struct TextSearch: Sendable {
  /// The longest text, in bytes.
  static let longest = 1_000

  private let needle: [UInt8]

  /// Nil for a text that is empty or too long.
  init?(_ text: String) {
    needle = text.utf8.map(Self.folded)
    guard !needle.isEmpty, needle.count <= Self.longest else { return nil }
  }

  /// Whether the line of a `log` payload has the text.
  func matches(payload: UnsafeRawBufferPointer) -> Bool {
    guard let record = LogRecord(payload: payload) else { return false }
    return record.content.withUnsafeBytes(isFound)
  }

  private func isFound(in bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count >= needle.count else { return false }
    let first = needle[0]
    for start in 0...(bytes.count - needle.count) where Self.folded(bytes[start]) == first {
      var index = 1
      while index < needle.count, Self.folded(bytes[start + index]) == needle[index] { index += 1 }
      if index == needle.count { return true }
    }
    return false
  }

  private static func folded(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
}
