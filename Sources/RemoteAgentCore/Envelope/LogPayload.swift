/// The payload of a `log` envelope: `{"stream":…, "text":… | "json":{…} | "b64":…, "eol":false?}` (PROTOCOL section 4, log).
package enum LogPayload {
  /// The deepest nesting that is sent as `json`.
  package static let maximumDepth = 48

  /// Appends the payload for a piece of a line.
  ///
  /// A whole line that is one JSON object becomes `json`, verbatim, unless `structured` is false; anything else becomes
  /// `text`, or `b64` if it is not valid UTF-8.
  package static func append(
    _ line: UnsafeRawBufferPointer, stream: LogStream, piece: LinePiece, structured: Bool = true,
    to bytes: inout [UInt8]
  ) {
    switch stream {
    case .stdout: bytes.append(literal: "{\"stream\":\"stdout")
    case .stderr: bytes.append(literal: "{\"stream\":\"stderr")
    case .stdin: bytes.append(literal: "{\"stream\":\"stdin")
    case .pty: bytes.append(literal: "{\"stream\":\"pty")
    }
    if !UTF8Text.isValid(line) {
      bytes.append(literal: "\",\"b64\":\"")
      Base64.append(line, to: &bytes)
      bytes.append(UInt8(ascii: "\""))
    } else if structured, piece.isWholeLine, isStructured(line) {
      bytes.append(literal: "\",\"json\":")
      bytes.append(contentsOf: line)
    } else {
      bytes.append(literal: "\",\"text\":\"")
      JSONString.appendEscaped(line, to: &bytes)
      bytes.append(UInt8(ascii: "\""))
    }
    if !piece.terminated { bytes.append(literal: ",\"eol\":false") }
    bytes.append(UInt8(ascii: "}"))
  }

  private static func isStructured(_ line: UnsafeRawBufferPointer) -> Bool {
    // A CR would break an SSE `data:` line.
    line.first == UInt8(ascii: "{") && line.firstIndex(of: UInt8(ascii: "\r"), from: 0) == nil
      && JSONGrammar.isObject(line, maximumDepth: maximumDepth)
  }
}
