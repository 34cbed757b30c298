import RemoteAgentCore
import Testing

@Suite struct `Claude prompt` {
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
