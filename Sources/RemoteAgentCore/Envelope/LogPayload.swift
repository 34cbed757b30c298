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
    bytes.append(contentsOf: "{\"stream\":\"".utf8)
    bytes.append(contentsOf: stream.rawValue.utf8)
    if !UTF8Text.isValid(line) {
      bytes.append(contentsOf: "\",\"b64\":\"".utf8)
      Base64.append(line, to: &bytes)
      bytes.append(UInt8(ascii: "\""))
    } else if structured, piece.isWholeLine, isStructured(line) {
      bytes.append(contentsOf: "\",\"json\":".utf8)
      bytes.append(contentsOf: line)
    } else {
      bytes.append(contentsOf: "\",\"text\":\"".utf8)
      JSONString.appendEscaped(line, to: &bytes)
      bytes.append(UInt8(ascii: "\""))
    }
    if !piece.terminated { bytes.append(contentsOf: ",\"eol\":false".utf8) }
    bytes.append(UInt8(ascii: "}"))
  }

  private static func isStructured(_ line: UnsafeRawBufferPointer) -> Bool {
    // A CR would break an SSE `data:` line.
    line.first == UInt8(ascii: "{") && !line.contains(UInt8(ascii: "\r"))
      && JSONGrammar.isObject(line, maximumDepth: maximumDepth)
  }
}
