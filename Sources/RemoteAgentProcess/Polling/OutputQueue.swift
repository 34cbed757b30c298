/// Bytes on their way to a descriptor that may be slow. Unbounded: its owner stops what fills it (`count`).
package struct OutputQueue: Sendable {
  private var bytes: [UInt8] = []
  private var start = 0

  package init() {}

  package var count: Int { bytes.count - start }
  package var isEmpty: Bool { count == 0 }

  package mutating func append(_ more: some Collection<UInt8>) { bytes.append(contentsOf: more) }

  package mutating func removeAll() {
    bytes.removeAll()
    start = 0
  }

  /// Writes what the descriptor takes now; `.bytes(0)` if there was nothing to write.
  package mutating func write(to descriptor: Int32) -> Descriptor.Written {
    guard !isEmpty else { return .bytes(0) }
    let written = bytes.withUnsafeBytes {
      Descriptor.write(UnsafeRawBufferPointer(rebasing: $0[start...]), to: descriptor)
    }
    if case .bytes(let count) = written { remove(count) }
    return written
  }

  private mutating func remove(_ count: Int) {
    start += count
    if start == bytes.count {
      bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 20)
      start = 0
    } else if start >= 1 << 20 {
      bytes.removeSubrange(..<start)
      start = 0
    }
  }
}
