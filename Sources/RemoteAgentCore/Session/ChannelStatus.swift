/// What became of a control of the device channel, as it goes to the hub.
package struct ChannelStatus: Sendable, Equatable {
  /// The longest line in bytes.
  package static let longestLine = 16 << 10

  /// The control's number.
  package let seq: Int64
  /// Without sessionId, seq and LF.
  let envelope: [UInt8]

  /// Reads a line of the line format: a `status` whose state is `control`, with the `seq` of a control and a `result` of `applied`
  /// or `refused`. Nil for any other. The payload goes on byte for byte.
  package init?(line: UnsafeRawBufferPointer) {
    guard line.count <= ChannelStatus.longestLine, let own = InputLine(lineFormat: line, piece: .whole),
      own.type == .status,
      case .control(let seq, let result, _) = own.payload.withUnsafeBytes({ Status(payload: $0) }),
      seq > 0, seq < 1 << 53, result == "applied" || result == "refused"
    else { return nil }
    self.init(seq: seq, ts: own.ts, payload: own.payload)
  }

  init(refusing seq: Int64, reason: String, ts: Int64) {
    let payload: JSON = [
      "state": "control", "seq": .integer(seq), "result": "refused", "reason": .string(reason),
    ]
    self.init(seq: seq, ts: ts, payload: payload.serialized())
  }

  private init(seq: Int64, ts: Int64, payload: [UInt8]) {
    self.seq = seq
    var envelope = Array("{\"type\":\"status\",\"ts\":".utf8)
    EnvelopeWriter.appendDecimal(ts, to: &envelope)
    envelope.append(contentsOf: ",\"payload\":".utf8)
    envelope.append(contentsOf: payload)
    envelope.append(UInt8(ascii: "}"))
    self.envelope = envelope
  }
}
