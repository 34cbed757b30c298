import RemoteAgentCore
import RemoteAgentProcess

/// ra-tunnel's standard input, cut into lines and counted.
struct TunnelInput {
  private let descriptor: Int32
  private var framer: InputFramer
  /// What was read, for the `end` of the session.
  private(set) var bytes: Int64 = 0
  var lines: Int64 { framer.lines }
  private(set) var isEnded = false

  init(descriptor: Int32, text: Bool) {
    self.descriptor = descriptor
    framer = InputFramer(text: text)
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
      framer.feed(read, now: now, line)
      return result
    }
  }

  /// No more is read: the unterminated last line, if there is one, is handed over.
  mutating func end(now: Int64, line: (InputLine) -> Void) {
    isEnded = true
    framer.finish(now: now, line)
  }
}
