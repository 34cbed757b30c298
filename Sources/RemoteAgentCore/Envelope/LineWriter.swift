/// Writes the line format between the filters: an envelope without `sessionId`, `clientId` and `seq`, and a LF.
package enum LineWriter {
  /// Appends a `log` line for a piece of an agent's output.
  package static func log(
    _ line: UnsafeRawBufferPointer, stream: LogStream, piece: LinePiece, ts: Int64, to bytes: inout [UInt8]
  ) {
    begin(.log, ts: ts, to: &bytes)
    LogPayload.append(line, stream: stream, piece: piece, to: &bytes)
    bytes.append(literal: "}\n")
  }

  /// Appends a `status` line; `payload` is an object with a `state`.
  package static func status(_ payload: JSON, ts: Int64, to bytes: inout [UInt8]) {
    begin(.status, ts: ts, to: &bytes)
    payload.append(to: &bytes)
    bytes.append(literal: "}\n")
  }

  private static func begin(_ type: EnvelopeType, ts: Int64, to bytes: inout [UInt8]) {
    bytes.append(literal: type == .log ? "{\"type\":\"log\",\"ts\":" : "{\"type\":\"status\",\"ts\":")
    EnvelopeWriter.appendDecimal(ts, to: &bytes)
    bytes.append(literal: ",\"payload\":")
  }
}
