import RemoteAgentCore
import RemoteAgentProcess

/// ra-tunnel's standard input, cut into lines and counted.
struct TunnelInput {
  private let descriptor: Int32
  private let text: Bool
  private var framer = LineFramer()
  /// What was read, for the `end` of the session.
  private(set) var bytes: Int64 = 0
  private(set) var lines: Int64 = 0
  private(set) var isEnded = false

  init(descriptor: Int32, text: Bool) {
    self.descriptor = descriptor
    self.text = text
  }

  /// Reads once.
  ///
  /// - Parameters:
  ///   - raw: gets the bytes as they are.
  ///   - line: gets each line or piece that they complete.
  mutating func read(now: Int64, raw: (UnsafeRawBufferPointer) -> Void, line: (InputLine) -> Void)
    -> Descriptor.ReadResult
  {
    withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 16) { buffer in
      let result = Descriptor.read(into: buffer, from: descriptor)
      guard case .bytes(let count) = result else { return result }
      let read = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count])
      bytes += Int64(count)
      raw(read)
      let text = text
      var ended: Int64 = 0
      framer.feed(read) { bytes, piece in
        if piece.endsLine { ended += 1 }
        line(InputLine(bytes, piece: piece, text: text, now: now))
      }
      lines += ended
      return result
    }
  }

  /// No more is read: the unterminated last line, if there is one, is handed over.
  mutating func end(now: Int64, line: (InputLine) -> Void) {
    isEnded = true
    if framer.pendingCount > 0 { lines += 1 }
    let text = text
    framer.finish { line(InputLine($0, piece: $1, text: text, now: now)) }
  }
}
