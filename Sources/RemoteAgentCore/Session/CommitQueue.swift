/// What one connection has to store, in order: one commit at a time, and what came meanwhile goes into the next together,
/// so that a slow disk costs larger rows and not a growing queue. Bounded by the session's window.
package struct CommitQueue: Sendable {
  /// Bytes from which on a commit takes no further batch.
  private let rowSize: Int
  private var waiting: [HubBatch] = []
  package private(set) var isBusy = false

  package init(rowSize: Int = 1 << 20) {
    self.rowSize = rowSize
  }

  /// Whether nothing waits and nothing is being committed.
  package var isIdle: Bool { waiting.isEmpty && !isBusy }

  package mutating func append(_ batch: HubBatch) { waiting.append(batch) }

  /// The next commit and how many batches it is made of; nil while one is under way or if nothing waits.
  package mutating func next() -> (batch: HubBatch, count: Int)? {
    guard !isBusy, let first = waiting.first else { return nil }
    isBusy = true
    var count = 1
    var size = first.bytes.count
    while count < waiting.count, size + waiting[count].bytes.count <= rowSize {
      size += waiting[count].bytes.count
      count += 1
    }
    defer { waiting.removeFirst(count) }
    guard count > 1 else { return (first, 1) }
    let parts = waiting[..<count]
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    for part in parts { bytes += part.bytes }
    let merged = HubBatch(
      firstSeq: first.firstSeq, lastSeq: waiting[count - 1].lastSeq, bytes: bytes,
      logLines: parts.reduce(0) { $0 + $1.logLines }, logBytes: parts.reduce(0) { $0 + $1.logBytes },
      facts: parts.flatMap(\.facts))
    return (merged, count)
  }

  /// The commit under way has ended, well or not.
  package mutating func finished() { isBusy = false }

  /// Nothing of what waits can be stored any more.
  package mutating func drop() { waiting.removeAll() }
}
