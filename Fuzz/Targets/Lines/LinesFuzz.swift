import RemoteAgentCore

/// The scanners and writers of lines: the quick code and the naive agree about all bytes, and what is written is read back.
enum LinesFuzz {
  static func run(_ input: UnsafeRawBufferPointer) {
    var choices = Choices(input)
    let flags = choices.byte()
    let text = choices.rest()
    let piece = LinePiece(startsLine: flags & 1 == 0, endsLine: flags & 2 == 0, terminated: flags & 6 == 0)
    text.withUnsafeBytes { line in
      grammar(line, NaiveJSON(text: text))
      strings(line, NaiveJSON(text: text))
      members(line, text)
      envelope(line, text)
      payload(line, piece, stream: LogStream.allCases[Int(flags >> 3 & 3)], structured: flags & 32 == 0)
      taken(line, piece, text: flags & 64 != 0)
      written(line, number: Int64(flags) << 40 | Int64(text.count))
    }
    base64(text)
  }

  private static func grammar(_ line: UnsafeRawBufferPointer, _ naive: NaiveJSON) {
    let object = naive.at(0) == "{" ? naive.value(0) : nil
    let levels = object.flatMap { $0.end == line.count ? $0.levels : nil }
    // A scalar is no level of its own to the grammar, an object or array is.
    let depth = levels.map { _ in containers(naive.text) }
    hold(JSONGrammar.isObject(line) == (depth != nil), "isObject and the naive grammar differ")
    for limit in [0, 1, 2, LogPayload.maximumDepth, 64] {
      hold(
        JSONGrammar.isObject(line, maximumDepth: limit) == depth.map { $0 <= limit } ?? false,
        "isObject differs from the naive grammar at \(limit) levels")
    }
    for start in [0, 1, line.count / 2, line.count] where start <= line.count {
      hold(JSONGrammar.endOfNumber(in: line, from: start) == naive.number(start), "numbers differ at \(start)")
      hold(JSONGrammar.endOfScalar(in: line, from: start) == naive.scalar(start), "scalars differ at \(start)")
      hold(JSONGrammar.skipWhiteSpace(in: line, from: start) == naive.blank(start), "white space differs at \(start)")
      if naive.at(start) == "{" || naive.at(start) == "[" {
        hold(JSONGrammar.endOfBalanced(in: line, from: start) == naive.balanced(start), "brackets differ at \(start)")
      }
    }
    let isUTF8 = String(validating: naive.text, as: UTF8.self) != nil
    hold(UTF8Text.isValid(line) == isUTF8, "UTF-8 differs from the standard library's")
    let value = naive.value(naive.blank(0)).flatMap { naive.blank($0.end) == line.count ? $0 : nil }
    for limit in [1, 3, 64] {
      let parsed = try? JSON(parsing: line, maximumDepth: limit)
      hold((parsed != nil) == (isUTF8 && value.map { $0.levels <= limit } ?? false), "the parser differs at \(limit)")
      guard let parsed else { continue }
      hold(
        (try? JSON(parsing: parsed.serialized(), maximumDepth: limit)) == parsed, "what is serialized is another value")
    }
  }

  /// The deepest nesting of objects and arrays in a text that is right.
  private static func containers(_ text: [UInt8]) -> Int {
    let naive = NaiveJSON(text: text)
    var (depth, deepest, index) = (0, 0, 0)
    while index < text.count {
      switch text[index] {
      case UInt8(ascii: "\""): index = naive.quote(index + 1) ?? text.count
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        deepest = max(deepest, depth)
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      default: break
      }
      index += 1
    }
    return deepest
  }

  private static func strings(_ line: UnsafeRawBufferPointer, _ naive: NaiveJSON) {
    hold(JSONString.unescape(line) == naive.content(0, line.count), "unescaping differs")
    hold(JSONString.end(in: line, from: 0) == naive.quote(0), "a string's end differs")
    var escaped: [UInt8] = []
    JSONString.appendEscaped(line, to: &escaped)
    hold(escaped.withUnsafeBytes(JSONString.unescape) == naive.text, "what is escaped is not read back")
  }

  private static func members(_ line: UnsafeRawBufferPointer, _ text: [UInt8]) {
    var ranges: [Range<Int>] = []
    let understood = JSONMembers.forEach(in: line) { ranges.append($1) }
    let naive = NaiveEnvelope(text, strictNames: false)
    hold(understood == (naive != nil), "JSONMembers takes what is not one object, or refuses one")
    if let naive { hold(ranges == naive.members.map(\.value), "JSONMembers gives other ranges") }
  }

  private static func envelope(_ line: UnsafeRawBufferPointer, _ text: [UInt8]) {
    let scanned = try? Envelope(scanning: line)
    let naive = NaiveEnvelope(text, strictNames: true)?.reading
    hold(scanned.map(NaiveEnvelope.Reading.init) == naive, "the envelope's scanner differs: \(scanned as Any)")
  }

  private static func payload(
    _ line: UnsafeRawBufferPointer, _ piece: LinePiece, stream: LogStream, structured: Bool
  ) {
    var payload: [UInt8] = []
    LogPayload.append(line, stream: stream, piece: piece, structured: structured, to: &payload)
    hold(payload.withUnsafeBytes { JSONGrammar.isObject($0) }, "a log payload is no object")
    hold(UTF8Text.isValid(payload), "a log payload is not UTF-8")
    let record = payload.withUnsafeBytes(LogRecord.init(payload:))
    hold(record?.content == Array(line) && record?.stream == stream, "a log payload is not read back")
    hold(record?.isTerminated == (piece.terminated && stream != .pty), "a line's end is not read back")
    _ = LogRecord(payload: line)
  }

  private static func taken(_ line: UnsafeRawBufferPointer, _ piece: LinePiece, text: Bool) {
    let taken = InputLine(line, piece: piece, text: text, now: 77)
    hold(taken.inputBytes == line.count + (piece.terminated ? 1 : 0), "the bytes of a line are counted wrong")
    hold(taken.endsLine == piece.endsLine, "a line's end is lost")
    taken.payload.withUnsafeBytes { payload in
      hold(JSONGrammar.isObject(payload) && UTF8Text.isValid(payload), "a payload that no hub can take")
      if let record = LogRecord(payload: payload), record.stream == .stdin, record.content == Array(line),
        taken.ts == 77
      {
        return
      }
      // Not wrapped, so a line of the line format, which may say nothing that is the tunnel's to say.
      let envelope = try? Envelope(scanning: line)
      hold(!text && piece.isWholeLine && envelope != nil, "a line is neither wrapped nor of the line format")
      guard let envelope else { return }
      hold(envelope.payload.map { line[$0] } == Array(payload), "a payload is not passed on byte for byte")
      hold(taken.type == envelope.type && taken.ts == envelope.ts, "a line of the line format is changed")
      guard taken.type == .status else { return }
      switch Status(payload: payload) {
      case .gap, .end: fatalError("a program's line passes for the tunnel's own status")
      default: break
      }
    }
  }

  /// An envelope that is written is read as what it was.
  private static func written(_ line: UnsafeRawBufferPointer, number: Int64) {
    guard JSONGrammar.isObject(line) else { return }
    var bytes = Array("{\"type\":\"log\",\"seq\":".utf8)
    EnvelopeWriter.appendDecimal(number, to: &bytes)
    bytes += Array(",\"ts\":".utf8)
    EnvelopeWriter.appendDecimal(number, to: &bytes)
    bytes += Array(",\"payload\":".utf8) + Array(line) + Array("}".utf8)
    let envelope = try? bytes.withUnsafeBytes { try Envelope(scanning: $0) }
    hold(envelope.map { bytes[$0.payload].elementsEqual(line) } == true, "a payload is not read back")
    hold(envelope?.ts == number && envelope?.extent == 0..<bytes.count, "an envelope is not read back")
    hold(envelope?.seq == (number > 0 ? .number(number) : .invalid), "a number is not read back")
  }

  private static func base64(_ bytes: [UInt8]) {
    hold(Base64.decode(Base64.encode(bytes)) == bytes, "base64 is not read back")
    hold(Base64.decodeURL(Base64.encodeURL(bytes)) == bytes, "base64url is not read back")
    let text = String(decoding: bytes, as: UTF8.self)
    if let decoded = Base64.decode(text) { hold(Base64.encode(decoded) == text, "base64 has two forms") }
    if let decoded = Base64.decodeURL(text) { hold(Base64.encodeURL(decoded) == text, "base64url has two forms") }
  }
}
