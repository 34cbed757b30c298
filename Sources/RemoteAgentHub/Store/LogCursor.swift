import RemoteAgentCore

/// A place in a session's log that moves on over envelopes as they are stored, a row or a few at a time.
struct LogCursor: Sendable {
  /// What one look brings, in bytes; a row alone may be more.
  private static let pieceSize = 1 << 20

  let store: HubStore
  let row: Int64
  /// All up to it was read.
  private(set) var seq: Int64

  /// - Parameter after: the number beyond which it begins.
  init(store: HubStore, row: Int64, after: Int64) {
    self.store = store
    self.row = row
    seq = after
  }

  /// The next envelopes, each with its LF; empty if nothing is there now.
  mutating func next() async throws(StoreError) -> [ArraySlice<UInt8>] {
    let batches = try await store.batches(row: row, after: seq, maximumBytes: Self.pieceSize)
    var pieces: [ArraySlice<UInt8>] = []
    for batch in batches {
      pieces.append(batch.firstSeq > seq ? batch.bytes[...] : batch.bytes(after: seq))
      seq = batch.lastSeq
    }
    return pieces
  }
}

extension StoredBatch {
  /// The envelopes with a number beyond `seq`.
  func bytes(after seq: Int64) -> ArraySlice<UInt8> {
    var lines = StoredLines(bytes[...])
    while let line = lines.next() {
      if line.seq > seq { return bytes[line.range.lowerBound...] }
    }
    return []
  }
}

/// The envelopes of a stored row, a line each.
struct StoredLines: Sequence, IteratorProtocol {
  struct Line {
    let seq: Int64
    let type: EnvelopeType?
    /// Without the LF.
    let range: Range<Int>
    /// Where its payload stands in the row.
    let payload: Range<Int>
  }

  let bytes: ArraySlice<UInt8>
  private var index: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    index = bytes.startIndex
  }

  /// The next one; what is no envelope with a number, which the hub doesn't store, is passed over.
  mutating func next() -> Line? {
    while index < bytes.endIndex {
      let start = index
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
      index = Swift.min(end + 1, bytes.endIndex)
      let envelope = bytes[start..<end].withUnsafeBytes { try? Envelope(scanning: $0) }
      guard let envelope, case .number(let seq) = envelope.seq else { continue }
      let payload = envelope.payload.lowerBound + start..<envelope.payload.upperBound + start
      return Line(seq: seq, type: envelope.type, range: start..<end, payload: payload)
    }
    return nil
  }
}
