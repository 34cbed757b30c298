package import RemoteAgentCore

/// The exact bytes of one of a session's streams, out of its envelopes.
package struct RawStream: Sendable {
  private let stream: LogStream

  package init(_ stream: LogStream) {
    self.stream = stream
  }

  /// Appends what an envelope's line adds to the stream, if it does.
  package func append(_ envelope: [UInt8], to output: inout [UInt8]) {
    envelope.withUnsafeBytes { line in
      guard let scanned = try? Envelope(scanning: line), scanned.type == .log,
        let record = LogRecord(payload: .init(rebasing: line[scanned.payload])), record.stream == stream
      else { return }
      record.appendBytes(to: &output)
    }
  }
}
