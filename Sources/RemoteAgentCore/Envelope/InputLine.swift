/// One piece of ra-tunnel's input as it goes upstream: a line of the line format as such, anything else wrapped.
package struct InputLine: Sendable, Equatable {
  package let type: EnvelopeType
  /// When it happened, Unix milliseconds.
  package let ts: Int64
  /// The payload's bytes, one JSON object.
  package let payload: [UInt8]
  /// The bytes of the input that it stands for, its LF too; 0 for what is not of the input.
  package let inputBytes: Int
  /// Whether a line of the input ends with it.
  package let endsLine: Bool

  package init(type: EnvelopeType, ts: Int64, payload: [UInt8], inputBytes: Int = 0, endsLine: Bool = false) {
    self.type = type
    self.ts = ts
    self.payload = payload
    self.inputBytes = inputBytes
    self.endsLine = endsLine
  }

  /// Reads a piece of a line of the input.
  ///
  /// It is taken as a line of the line format only if it is a whole line whose members are exactly `type` (`log` or
  /// `status`), `ts` and `payload` (a JSON object whose `state` is not `gap` or `end`); then the payload goes on byte for
  /// byte. Everything else, and all of it when `text` is set, is wrapped as `{"stream":"stdin",…}` and stamped `now`.
  package init(_ line: UnsafeRawBufferPointer, piece: LinePiece, text: Bool, now: Int64) {
    if !text, let own = InputLine(lineFormat: line, piece: piece) {
      self = own
    } else {
      var payload: [UInt8] = []
      payload.reserveCapacity(line.count + 32)
      LogPayload.append(line, stream: .stdin, piece: piece, structured: !text, to: &payload)
      self.init(type: .log, ts: now, payload: payload, of: line, piece: piece)
    }
  }

  private init(
    type: EnvelopeType, ts: Int64, payload: [UInt8], of line: UnsafeRawBufferPointer, piece: LinePiece
  ) {
    self.init(
      type: type, ts: ts, payload: payload, inputBytes: line.count + (piece.terminated ? 1 : 0),
      endsLine: piece.endsLine)
  }

  /// What completes a session (PROTOCOL section 4, `end`).
  ///
  /// - Parameter isIncomplete: the input was not read to its end.
  package static func end(bytes: Int64, lines: Int64, isIncomplete: Bool, ts: Int64) -> InputLine {
    var payload: [JSON.Member] = [
      .init("state", "end"), .init("bytes", .integer(bytes)), .init("lines", .integer(lines)),
    ]
    if isIncomplete { payload.append(.init("incomplete", true)) }
    return InputLine(type: .status, ts: ts, payload: JSON.object(payload).serialized())
  }

  /// Reads a whole line of the line format; nil if it is none.
  init?(lineFormat line: UnsafeRawBufferPointer, piece: LinePiece) {
    guard piece.isWholeLine, line.first == UInt8(ascii: "{"), line.last == UInt8(ascii: "}"), UTF8Text.isValid(line),
      let envelope = try? Envelope(scanning: line), let type = envelope.type, type == .log || type == .status,
      let ts = envelope.ts, envelope.seq == .absent, envelope.sessionId == nil, envelope.clientId == nil,
      !envelope.hasUnknownMembers
    else { return nil }
    let payload = UnsafeRawBufferPointer(rebasing: line[envelope.payload])
    guard JSONGrammar.isObject(payload), payload.firstIndex(of: UInt8(ascii: "\r"), from: 0) == nil else { return nil }
    if type == .status, Status.isReserved(payload) { return nil }
    self.init(type: type, ts: ts, payload: Array(payload), of: line, piece: piece)
  }
}
