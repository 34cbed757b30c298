/// Gathers the new envelopes of one message.
struct HubBatchBuilder {
  private let after: Int64
  private(set) var last: Int64
  private var bytes: [UInt8] = []
  private var logLines = 0
  private var logBytes = 0
  private var facts: [HubBatch.Fact] = []

  /// Bytes gathered.
  var size: Int { bytes.count }

  init(after: Int64) {
    self.after = after
    last = after
  }

  mutating func append(_ envelope: UnsafeRawBufferPointer, seq: Int64, status: Status?, logBytes: Int?) {
    bytes.append(contentsOf: envelope)
    bytes.append(UInt8(ascii: "\n"))
    last = seq
    if let status { facts.append(HubBatch.Fact(seq: seq, status: status)) }
    if let logBytes {
      logLines += 1
      self.logBytes += logBytes
    }
  }

  mutating func finish() -> HubBatch? {
    guard last > after, !bytes.isEmpty else { return nil }
    defer {
      bytes = []
      facts = []
      logLines = 0
      logBytes = 0
    }
    return HubBatch(
      firstSeq: after + 1, lastSeq: last, bytes: bytes, logLines: logLines, logBytes: logBytes, facts: facts)
  }
}
