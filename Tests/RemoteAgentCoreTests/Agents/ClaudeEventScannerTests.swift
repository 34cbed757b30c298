import RemoteAgentCore
import Testing

@Suite struct `Claude's events` {
  private func scan(_ line: String, step: Int = .max) -> ClaudeEvent? {
    var scanner = ClaudeEventScanner()
    let bytes = Array(line.utf8)
    var start = 0
    repeat {
      let end = step >= bytes.count - start ? bytes.count : start + step
      let piece = LinePiece(startsLine: start == 0, endsLine: end == bytes.count, terminated: end == bytes.count)
      let event = bytes[start..<end].withUnsafeBytes { scanner.feed($0, piece: piece) }
      if end == bytes.count { return event }
      #expect(event == nil)
      start = end
    } while true
  }

  private static let result = #"""
    {"duration_api_ms":3,"usage":{"type":"x","is_error":false,"result":["result"]},"a":[{"type":"y"}], "is_error" : true ,
    """#.replacing("\n", with: "") + #""subtype":"success","result":"API \"Error\"\n\u00e4 {[","type":"result"}"#

  @Test(arguments: [1, 2, 7, 64, .max])
  func `a result is read whatever the order of members, the nesting and the pieces`(step: Int) {
    let event = scan(`Claude's events`.result, step: step)
    #expect(event?.type == "result")
    #expect(event?.subtype == "success")
    #expect(event?.isError == true)
    #expect(event?.result == "API \"Error\"\n\u{E4} {[")
  }

  @Test func `a result of megabytes is read in bounded memory, its text cut`() {
    let long = String(repeating: "\u{E4}\\u00e4\\\"", count: 500_000)
    let event = scan(#"{"result":"\#(long)","type":"result","is_error":false}"#, step: 131_072)
    #expect(event?.type == "result")
    #expect(event?.isError == false)
    #expect((100...256).contains(event?.result.utf8.count ?? 0))
    #expect(event?.result.hasPrefix("\u{E4}\u{E4}\"") == true)
  }

  @Test(arguments: [
    "", "plain", "[1]", "{}", "{\"a\":1}", "{\"type\":1}", "{\"type\":\"result\"", "\"type\"", "}{\"type\":\"result\"}",
    "1 {\"type\":\"result\"}", "{\"x\":{\"type\":\"result\"}}",
  ])
  func `what is no event is none`(line: String) {
    #expect(scan(line) == nil)
  }

  @Test func `is_error counts only if it is true itself`() {
    #expect(scan(#"{"type":"result","is_error":"true"}"#)?.isError == false)
    #expect(scan(#"{"type":"result","is_error":{"a":true}}"#)?.isError == false)
    #expect(scan(#"{"type":"result"}"#)?.isError == false)
  }

  @Test func `one line leaves nothing behind for the next`() {
    var scanner = ClaudeEventScanner()
    let broken = Array("{\"type\":\"result\",\"x".utf8)
    let next = Array("{\"is_error\":true,\"type\":\"system\"}".utf8)
    #expect(broken.withUnsafeBytes { scanner.feed($0, piece: .whole) } == nil)
    #expect(next.withUnsafeBytes { scanner.feed($0, piece: .whole) }?.type == "system")
  }

  @Test func `a prompt is one line that says what it was given`() throws {
    let line = ClaudePrompt.line("two\nlines \"q\"", uuid: "u-1")
    #expect(line.last == UInt8(ascii: "\n"))
    #expect(line.count { $0 == UInt8(ascii: "\n") } == 1)
    let message = try JSON(parsing: line)
    #expect(message["message"]?["content"]?.array?.first?["text"]?.string == "two\nlines \"q\"")
    #expect(message["uuid"]?.string == "u-1")
    #expect(message["type"]?.string == "user")
  }

  @Test func `a UUID has its version and variant`() {
    #expect(ClaudePrompt.uuid(0, 0) == "00000000-0000-4000-8000-000000000000")
    #expect(ClaudePrompt.uuid(.max, .max) == "ffffffff-ffff-4fff-bfff-ffffffffffff")
  }
}
