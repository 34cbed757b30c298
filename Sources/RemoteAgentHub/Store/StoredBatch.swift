/// A row of a session's log: envelopes as they came off the wire, each with a LF after it.
package struct StoredBatch: Sendable, Equatable {
  package let firstSeq: Int64
  package let lastSeq: Int64
  package let bytes: [UInt8]
}
