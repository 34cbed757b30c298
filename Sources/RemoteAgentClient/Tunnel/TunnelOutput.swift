import Glibc
import RemoteAgentCore

/// ra-tunnel's standard output: controls or, with `--tee`, the input's copy. It belongs to somebody else's pipeline, so it
/// is never made non-blocking: polled, then written to in pieces that a ready pipe takes whole (pipe(7), PIPE_BUF).
struct TunnelOutput {
  /// Beyond it the tee stops the reading of input.
  private static let limit = 256 << 10

  private let descriptor: Int32
  private var pending = ByteQueue()
  /// What is left of a control line that is being written.
  private var controlLeft = 0
  /// Nobody reads any more.
  private(set) var isClosed = false

  init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  var isFull: Bool { pending.count >= TunnelOutput.limit }
  var wantsToWrite: Bool { !isClosed && !pending.isEmpty }

  mutating func tee(_ bytes: UnsafeRawBufferPointer) {
    if !isClosed { pending.append(bytes) }
  }

  /// Takes the next control line, if the last one is written.
  mutating func offer(_ line: [UInt8]?) {
    guard !isClosed, pending.isEmpty, let line else { return }
    controlLeft = line.count
    line.withUnsafeBytes { pending.append($0) }
  }

  /// Writes once to a descriptor that poll(2) called ready; true when that completed a control line.
  mutating func write() -> Bool {
    let written = pending.withUnread { Glibc.write(descriptor, $0.baseAddress, min($0.count, Int(PIPE_BUF))) }
    guard written >= 0 else {
      if errno != EINTR, errno != EAGAIN {
        isClosed = true
        pending.removeAll()
      }
      return false
    }
    pending.consume(written)
    guard controlLeft > 0 else { return false }
    controlLeft -= written
    return controlLeft == 0
  }
}
