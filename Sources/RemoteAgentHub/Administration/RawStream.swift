package import RemoteAgentCore

/// The exact bytes of one of a session's streams, out of its envelopes.
package struct RawStream: Sendable {
  private let stream: LogStream

  package init(_ stream: LogStream) {
    self.stream = stream
  }

  /// Appends what an envelope's line adds to the stream, if it does.
  package func append(_ envelope: [UInt8], to output: inout [UInt8]) {
    let payload = envelope.withUnsafeBytes { line -> Range<Int>? in
      guard let scanned = try? Envelope(scanning: line), scanned.type == .log else { return nil }
      return scanned.payload
    }
    if let payload { append(payload: envelope[payload], to: &output) }
  }

  /// Appends what a `log` payload adds to the stream, if it does.
  package func append(payload: ArraySlice<UInt8>, to output: inout [UInt8]) {
    guard let record = payload.withUnsafeBytes(LogRecord.init(payload:)), record.stream == stream else { return }
    record.appendBytes(to: &output)
  }
}
