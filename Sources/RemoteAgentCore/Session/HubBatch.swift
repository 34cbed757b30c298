/// What one message brought that is to be stored: a run of envelopes as they came off the wire.
package struct HubBatch: Sendable, Equatable {
  /// The first number it covers: one beyond what the connection brought before.
  package let firstSeq: Int64
  /// The cursor once it is stored.
  package let lastSeq: Int64
  /// The envelopes, unchanged, each with a LF after it.
  package let bytes: [UInt8]
  /// How many of them are `log`, and the bytes of those payloads.
  package let logLines: Int
  package let logBytes: Int
  /// What the `status` envelopes among them say, in order, each with its number.
  package let facts: [Fact]

  package struct Fact: Sendable, Equatable {
    package let seq: Int64
    package let status: Status

    package init(seq: Int64, status: Status) {
      self.seq = seq
      self.status = status
    }
  }

  package init(
    firstSeq: Int64, lastSeq: Int64, bytes: [UInt8], logLines: Int, logBytes: Int, facts: [Fact]
  ) {
    self.firstSeq = firstSeq
    self.lastSeq = lastSeq
    self.bytes = bytes
    self.logLines = logLines
    self.logBytes = logBytes
    self.facts = facts
  }
}
