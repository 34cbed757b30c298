import RemoteAgentCore
import Testing

private enum Path: String, CaseIterable, Sendable {
  case type, id, flag
  case deep = "a.b.c"
  case beside = "a.b"
  case first = "list[]"
  case inFirst = "items[].name"
}

@Suite struct `A line's members` {
  private func scan(_ line: String, step: Int = .max) -> MemberScanner<Path> {
    var scanner = MemberScanner<Path>()
    let bytes = Array(line.utf8)
    for start in stride(from: 0, to: bytes.count, by: max(1, min(step, bytes.count))) {
      bytes[start..<(step >= bytes.count - start ? bytes.count : start + step)].withUnsafeBytes { scanner.feed($0) }
    }
    return scanner
  }

  private static let line =
    #"{"x":{"type":"no","a":{"b":{"c":"no"}}},"a":{"b":{"c":"yes \"{[","d":[{"c":1}]},"b":2},"list":["one","two"],"#
    + #""flag" : true ,"id":-1.5e3,"items":[{"n":1,"name":"n"},{"name":"m"}],"type":"\u00e4\ud83d\ude00"}"#

  @Test func `are found wherever the line is cut`() {
    for step in 1...Self.line.utf8.count {
      let found = scan(Self.line, step: step)
      #expect(found.isObject)
      #expect(found.text(.type) == "\u{E4}\u{1F600}")
      #expect(found.text(.deep) == "yes \"{[")
      #expect(found[.beside] == .nested)
      #expect(found.text(.first) == "one")
      #expect(found.text(.inFirst) == "n")
      #expect(found.isTrue(.flag))
      #expect(found[.id] == .literal(Array("-1.5e3".utf8), isCut: false))
    }
  }

  @Test(arguments: [
    (#"{"type":"a","type":"b"}"#, "a"), (#"{"t\u0079pe":"a"}"#, "a"), (#"{"type":1,"type":"b"}"#, nil),
    (#"{"x":"\\","type":"a"}"#, "a"), (#"{"x":"\"type\":","type":"a"}"#, "a"), (#"{"x":[[[{}]]],"type":"a"}"#, "a"),
    (#" { "type" : "a" } "#, "a"), (#"{"type":"a\"}"#, nil), (#"{"type":"\ud83d"}"#, "\u{FFFD}"),
    (#"{"type":"\x"}"#, ""),
    (#"{"type":""}"#, ""), (#"{"TYPE":"a"}"#, nil), (#"{"":"a"}"#, nil),
  ])
  func `are the first of their name, whatever stands around them`(line: String, type: String?) {
    #expect(scan(line).text(.type) == type)
  }

  @Test func `of an object that comes twice are the first one's`() {
    #expect(scan(#"{"a":{"b":{"d":1}},"a":{"b":{"c":"x"}}}"#).text(.deep) == nil)
    #expect(scan(#"{"a":[],"a":{"b":{"c":"x"}}}"#).text(.deep) == nil)
    #expect(scan(#"{"list":[],"list":["x"]}"#).text(.first) == nil)
    #expect(scan(#"{"list":[[],"x"]}"#).text(.first) == nil)
  }

  @Test(arguments: [
    "", "plain", "[1]", "\"type\"", "1", "{", #"{"type":"a""#, #"{"type":"a"}}"#, #"{"type":"a"} x"#, #"{"type" "a"}"#,
    #"{"type":"a" "b"}"#, "}", "{,}", "{:}", #"x{"type":"a"}"#, #"{type:1}"#, #"{"type":"a"}{"type":"b"}"#,
  ])
  func `are none's that is no object`(line: String) {
    #expect(!scan(line).isObject)
    #expect(!scan(line, step: 1).isObject)
  }

  @Test func `are kept to 512 bytes, and names to 64`() {
    let long = String(repeating: "ä", count: 300)
    let found = scan(#"{"type":"\#(long)","id":"\#(String(repeating: "y", count: 512))"}"#, step: 7)
    #expect(found.text(.type) == String(repeating: "ä", count: 256), "no secret is written so")
    guard case .string(let bytes, let isCut)? = found[.type] else {
      Issue.record("no string")
      return
    }
    #expect(bytes.count == 512)
    #expect(isCut)
    #expect(found[.id] == .string([UInt8](repeating: UInt8(ascii: "y"), count: 512), isCut: false))
    #expect(scan(#"{"\#(long)":1,"type":"a"}"#).text(.type) == "a")
  }

  @Test func `that are shown are kept to 16 KiB`() {
    var scanner = MemberScanner<Path>(texts: [.type])
    let text = String(repeating: "word ", count: 4000)
    Array(#"{"id":"\#(text)","type":"\#(text)"}"#.utf8).withUnsafeBytes { scanner.feed($0) }
    #expect(scanner.text(.type) == String(text.prefix((16 << 10) / 5 * 5 - 1)))
    #expect(scanner.text(.id)?.utf8.count == 509)
    #expect(scanner.wholeText(.type) == nil)
  }

  @Test(arguments: [
    (#"{"type":"a","type":"a"}"#, true), (#"{"type":"a","t\u0079pe":1}"#, true), (#"{"a":1,"a":{"b":{"c":1}}}"#, true),
    (#"{"a":{"b":{"c":1},"b":2}}"#, true), (#"{"items":[{"name":1,"name":2}]}"#, true),
    (#"{"list":[],"list":1}"#, true),
    (#"{"x":1,"x":2,"type":"a"}"#, false), (#"{"x":{"type":1,"type":2},"type":"a"}"#, false),
    (#"{"items":[{"name":1},{"name":2}],"list":[1,2]}"#, false), (#"{"type":"a","id":"type"}"#, false),
  ])
  func `that come twice are told`(line: String, hasRepeats: Bool) {
    for step in [1, .max] {
      var found = scan(line, step: step)
      #expect(found.hasRepeats == hasRepeats)
      found.reset()
      #expect(!found.hasRepeats)
    }
  }

  @Test func `are found below any depth`() {
    let depth = 100_000
    let deep = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    let found = scan(#"{"x":\#(deep),"a":{"b":\#(deep)},"type":"a"}"#, step: 4096)
    #expect(found.isObject)
    #expect(found.text(.type) == "a")
    #expect(found[.beside] == .nested)
  }

  @Test func `one line leaves nothing behind for the next`() {
    for rest in [#"{"type":"a","x":"un"#, #"{"type":"a\"#, #"{"type":"a","a":{"b":[[{"#, #"{"type":"a","id":12"#, "x"] {
      var scanner = scan(rest)
      scanner.reset()
      #expect(scanner.text(.type) == nil)
      Array(#"{"id":1}"#.utf8).withUnsafeBytes { scanner.feed($0) }
      #expect(scanner.isObject)
      #expect(scanner[.id] == .literal([UInt8(ascii: "1")], isCut: false))
    }
  }

  @Test func `of a long number it is told that this is its beginning`() {
    let digits = [UInt8](repeating: UInt8(ascii: "7"), count: 513)
    let found = scan(#"{"id":\#(String(decoding: digits, as: UTF8.self)),"flag":null}"#)
    #expect(found[.id] == .literal(Array(digits.dropLast()), isCut: true))
    #expect(found.isNull(.flag))
    #expect(!found.isNull(.id))
  }
}
