import RemoteAgentCore
import RemoteAgentProcess

/// ra-tunnel's standard output: controls or, with `--tee`, the input's copy.
struct TunnelOutput {
  /// Beyond it the tee stops the reading of input.
  private static let limit = 256 << 10

  private let descriptor: Int32
  private var pending = ByteQueue()
  /// What is left of a control line that is being written.
  private var controlLeft = 0
  /// Nobody reads any more.
  private(set) var isClosed = false
  /// Why it could not be written, where that is not that nobody reads it.
  private(set) var failure: Int32?

  init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  var isFull: Bool { pending.count >= TunnelOutput.limit }
  var wantsToWrite: Bool { !isClosed && !pending.isEmpty }

  mutating func tee(_ bytes: UnsafeRawBufferPointer) {
    if !isClosed { pending.append(bytes) }
  }

  /// Takes a line that is no control, before the first of those.
  mutating func announce(_ line: [UInt8]) {
    if !isClosed { line.withUnsafeBytes { pending.append($0) } }
  }

  /// Takes the next control line, if the last one is written.
  mutating func offer(_ line: [UInt8]?) {
    guard !isClosed, pending.isEmpty, let line else { return }
    controlLeft = line.count
    line.withUnsafeBytes { pending.append($0) }
  }

  /// Writes what goes without blocking; true when that completed a control line.
  mutating func write() -> Bool {
    switch pending.withUnread({ Descriptor.write($0, to: descriptor) }) {
    case .bytes(let written):
      pending.consume(written)
      guard controlLeft > 0 else { return false }
      controlLeft -= written
      return controlLeft == 0
    case .full: return false
    case .broken: return end(nil)
    case .failed(let error): return end(error)
    }
  }

  private mutating func end(_ error: Int32?) -> Bool {
    failure = error
    isClosed = true
    pending.removeAll()
    return false
  }
}
