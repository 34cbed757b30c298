import RemoteAgentCore
import RemoteAgentProcess

/// ra-tunnel's standard output on a device channel: one line at a time.
struct ChannelOutput {
  enum Progress: Equatable {
    /// The line is written whole, or there was none.
    case done
    case waits
    /// Nobody reads it any more.
    case broken
    case failed(errno: Int32)
  }

  let descriptor: Int32
  private var line = ByteQueue()

  init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  var isWriting: Bool { !line.isEmpty }

  /// Takes the next line; the one before must be written.
  mutating func take(_ bytes: [UInt8]) { bytes.withUnsafeBytes { line.append($0) } }

  /// Writes what goes without blocking.
  mutating func write() -> Progress {
    while !line.isEmpty {
      switch line.withUnread({ Descriptor.write($0, to: descriptor) }) {
      case .bytes(let count): line.consume(count)
      case .full: return .waits
      case .broken: return .broken
      case .failed(let errno): return .failed(errno: errno)
      }
    }
    return .done
  }
}
