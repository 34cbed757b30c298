import RemoteAgentCore
import RemoteAgentProcess

/// What ra-tunnel reads of a device channel's standard input: statuses, a line each.
struct ChannelInput {
  private let descriptor: Int32
  private var framer = LineFramer(limit: ChannelStatus.longestLine)
  private(set) var isEnded = false

  init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  /// Reads once, at most 16 KiB.
  ///
  /// - Parameter line: gets the status of each line; nil for a line that is none.
  mutating func read(_ line: (ChannelStatus?) -> Void) -> Descriptor.ReadResult {
    withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 16) { buffer in
      let result = Descriptor.read(into: buffer, from: descriptor)
      switch result {
      case .bytes(let count):
        framer.feed(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { ChannelInput.cut($0, $1, line) }
      case .end, .failed:
        isEnded = true
        framer.finish { ChannelInput.cut($0, $1, line) }
      case .nothing: break
      }
      return result
    }
  }

  private static func cut(_ bytes: UnsafeRawBufferPointer, _ piece: LinePiece, _ line: (ChannelStatus?) -> Void) {
    // Of a longer line its end tells once.
    guard piece.endsLine else { return }
    line(piece.startsLine ? ChannelStatus(line: bytes) : nil)
  }
}
