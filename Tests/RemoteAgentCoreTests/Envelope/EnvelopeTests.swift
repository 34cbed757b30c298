import RemoteAgentCore
import SeededRandom
import Testing

struct EnvelopeTests {
  private func scan(_ line: String) throws -> Envelope {
    try Array(line.utf8).withUnsafeBytes { try Envelope(scanning: $0) }
  }

  @Test func `members are read in any order and the payload stays where it is`() throws {
    let line = #" {"payload":{"a":"}"},"seq":42,"x":[{}],"type":"log","ts":7,"sessionId":"s","clientId":"c"} "# + "\r"
    let envelope = try scan(line)
    #expect(envelope.type == .log)
    #expect(envelope.seq == .number(42))
    #expect(envelope.ts == 7)
    #expect(envelope.sessionId == "s")
    #expect(envelope.clientId == "c")
    #expect(envelope.hasUnknownMembers)
    #expect(String(decoding: Array(line.utf8)[envelope.payload], as: UTF8.self) == #"{"a":"}"}"#)
    #expect(envelope.extent == 1..<(line.utf8.count - 2))
  }

  @Test func `an escaped name is the name`() throws {
    let envelope = try scan(#"{"\u0074ype":"l\u006fg","payload":{}}"#)
    #expect(envelope.type == .log)
    #expect(throws: EnvelopeError.duplicateMember("type")) {
      try scan(#"{"type":"log","\u0074ype":"log","payload":{}}"#)
    }
  }

  @Test(arguments: ["0", "-1", "1.0", "1e3", "\"1\"", "9007199254740992", "99999999999999999999", "null", "{}"])
  func `a number that is none is told apart from none`(literal: String) throws {
    #expect(try scan(#"{"type":"log","seq":\#(literal),"payload":{}}"#).seq == .invalid)
  }

  @Test func `the largest number is 2^53-1`() throws {
    let envelope = try scan(#"{"type":"log","seq":9007199254740991,"payload":{}}"#)
    #expect(envelope.seq == .number(9_007_199_254_740_991))
  }

  @Test(arguments: [
    "", "[]", "x", "{", "{}", #"{"type":"log"}"#, #"{"payload":{}}"#, #"{"type":"log","payload":[]}"#,
    #"{"type":"log","payload":{}"#, #"{"type":"log","payload":{}}}"#, #"{"type":"log","payload":{}}x"#,
    #"{"type":"log","payload":{[}]}"#, #"{"type":7,"payload":{}}"#, #"{"type":"log","type":"log","payload":{}}"#,
    #"{"type":"log","payload":{},"payload":{}}"#, #"{"type":"log","sessionId":1,"payload":{}}"#,
    #"{"type":"log",,"payload":{}}"#, #"{"type":"log","payload":{"a":"}"#,
  ])
  func `what is no envelope is refused`(line: String) {
    #expect(throws: EnvelopeError.self) { try scan(line) }
  }

  @Test func `what stands in a payload is not its business`() throws {
    for payload in [#"{"a":1,"a":2}"#, #"{"a":"\ud800"}"#, #"{"a":1e999999}"#, "{garbage}", #"{"a":"\q"}"#] {
      #expect(try scan(#"{"type":"log","payload":\#(payload)}"#).type == .log)
    }
  }

  @Test func `an unknown type has none`() throws {
    #expect(try scan(#"{"type":"new","payload":{}}"#).type == nil)
  }
}

struct LogPayloadTests {
  private func payload(_ line: [UInt8], _ piece: LinePiece = .whole, structured: Bool = true) -> String {
    var bytes: [UInt8] = []
    line.withUnsafeBytes {
      LogPayload.append($0, stream: .stdout, piece: piece, structured: structured, to: &bytes)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func `text, json and b64 are told apart`() {
    let unterminated = LinePiece(startsLine: true, endsLine: true, terminated: false)
    let part = LinePiece(startsLine: true, endsLine: false, terminated: false)
    #expect(payload(Array("a\"\u{0}é".utf8)) == #"{"stream":"stdout","text":"a\"\u0000é"}"#)
    #expect(payload([0xFF]) == #"{"stream":"stdout","b64":"/w=="}"#)
    #expect(payload(Array(#"{"a": 1}"#.utf8)) == #"{"stream":"stdout","json":{"a": 1}}"#)
    #expect(payload(Array(#"{"a": 1}"#.utf8), unterminated) == #"{"stream":"stdout","json":{"a": 1},"eol":false}"#)
    #expect(payload(Array("{}".utf8), part) == #"{"stream":"stdout","text":"{}","eol":false}"#)
    #expect(payload(Array("{}".utf8), structured: false) == #"{"stream":"stdout","text":"{}"}"#)
    #expect(payload(Array("{}\r".utf8)) == #"{"stream":"stdout","text":"{}\r"}"#)
    #expect(payload(Array("{\"a\":\r1}".utf8)) == #"{"stream":"stdout","text":"{\"a\":\r1}"}"#)
    #expect(payload(Array(" {}".utf8)) == #"{"stream":"stdout","text":" {}"}"#)
    #expect(payload([]) == #"{"stream":"stdout","text":""}"#)
  }

  @Test(arguments: 1...40)
  func `any bytes are rebuilt from their payloads`(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let input = random.bytes(count: Int.random(in: 0...2000, using: &random))
    var framer = LineFramer(limit: 128)
    var rebuilt: [UInt8] = []
    let emit: (UnsafeRawBufferPointer, LinePiece) -> Void = { line, piece in
      var payload: [UInt8] = []
      LogPayload.append(line, stream: .stdin, piece: piece, to: &payload)
      #expect(throws: Never.self) { try JSON(parsing: payload) }
      let record = payload.withUnsafeBytes { LogRecord(payload: $0) }
      #expect(record?.stream == .stdin)
      record?.appendBytes(to: &rebuilt)
    }
    input.withUnsafeBytes { framer.feed($0, emit) }
    framer.finish(emit)
    #expect(rebuilt == input)
  }
}

struct InputLineTests {
  private func read(_ line: String, text: Bool = false, piece: LinePiece = .whole) -> InputLine {
    Array(line.utf8).withUnsafeBytes { InputLine($0, piece: piece, text: text, now: 99) }
  }

  @Test func `a line of the line format keeps its time and its payload's bytes`() {
    let text = #"{"ts":5,"payload":{"stream":"stderr", "text":"x"},"type":"log"}"#
    let payload = Array(#"{"stream":"stderr", "text":"x"}"#.utf8)
    #expect(
      read(text)
        == InputLine(type: .log, ts: 5, payload: payload, inputBytes: text.utf8.count + 1, endsLine: true))
    #expect(read(#"{"type":"status","ts":5,"payload":{"state":"running","pid":1}}"#).type == .status)
  }

  @Test(arguments: [
    #"{"type":"log","ts":5,"payload":{},"seq":1}"#, #"{"type":"log","ts":5,"payload":{},"x":1}"#,
    #"{"type":"log","payload":{}}"#, #"{"type":"ack","ts":5,"payload":{}}"#, #"{"type":"log","ts":"5","payload":{}}"#,
    #"{"type":"log","ts":5,"payload":{garbage}}"#, #"{"type":"log","ts":5,"sessionId":"s","payload":{}}"#,
    #"{"type":"status","ts":5,"payload":{"state":"end"}}"#, #"{"type":"status","ts":5,"payload":{"state":"gap"}}"#,
    #"{"type":"status","ts":5,"payload":{"\u0073tate":"\u0065nd"}}"#, "plain", "",
    #"{"type":"status","ts":5,"payload":{"state":"x","state":"end"}}"#,
    #"{"type":"status","ts":5,"payload":{"state":"end","state":"x"}}"#,
  ])
  func `every other line is wrapped`(text: String) {
    let line = read(text)
    #expect(line.type == .log)
    #expect(line.ts == 99)
    let record = line.payload.withUnsafeBytes { LogRecord(payload: $0) }
    #expect(record?.stream == .stdin)
    #expect(record?.content == Array(text.utf8))
  }

  @Test func `with text every line is wrapped as text`() {
    let line = read(#"{"type":"log","ts":5,"payload":{}}"#, text: true)
    #expect(line.payload.starts(with: #"{"stream":"stdin","text":"#.utf8))
  }

  @Test func `a piece of a longer line is never of the line format`() {
    let piece = LinePiece(startsLine: false, endsLine: true, terminated: true)
    #expect(read(#"{"type":"log","ts":5,"payload":{}}"#, piece: piece).ts == 99)
  }
}
