/// A line typed at a terminal that neither shows nor edits it, key by key.
package struct SecretLine: Sendable {
  package enum Outcome: Sendable, Equatable {
    case more
    case finished
    /// Ctrl-C, or Ctrl-D on an empty line.
    case cancelled
    /// More bytes than the limit.
    case tooLong
  }

  package private(set) var bytes: [UInt8] = []
  private let limit: Int

  /// - Parameter limit: bytes.
  package init(limit: Int) {
    self.limit = limit
    bytes.reserveCapacity(limit)
  }

  package mutating func typed(_ key: UInt8) -> Outcome {
    switch key {
    case 0x0A, 0x0D: return .finished
    case 0x03: return .cancelled
    case 0x04: return bytes.isEmpty ? .cancelled : .finished
    case 0x08, 0x7F: eraseCharacter()
    case 0x15: bytes.removeAll(keepingCapacity: true)
    // Other control characters and those of keys like Ctrl-Z do nothing here.
    case ..<0x20: break
    default:
      guard bytes.count < limit else { return .tooLong }
      bytes.append(key)
    }
    return .more
  }

  /// Takes away the last character of UTF-8.
  private mutating func eraseCharacter() {
    while let last = bytes.popLast(), last & 0xC0 == 0x80 {}
  }
}
