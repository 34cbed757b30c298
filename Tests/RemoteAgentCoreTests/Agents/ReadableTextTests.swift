import RemoteAgentCore
import Testing

@Suite struct `Readable text` {
  private func show(_ lines: [String], agent: String = "claude", escapes: Bool = true) -> String {
    var readable = ReadableText(profile: AgentProfile(program: agent), escapes: escapes)
    var output: [UInt8] = []
    for line in lines { Array(line.utf8).withUnsafeBytes { readable.feed($0, piece: .whole, to: &output) } }
    return String(decoding: output, as: UTF8.self)
  }

  @Test(arguments: [
    (#"{"type":"assistant","message":{"content":[{"type":"text","text":"Hello\nyou"}]}}"#, "Hello\nyou\n"),
    (#"{"type":"assistant","message":{"content":[{"type":"thinking","thinking":"hm"}]}}"#, ""),
    (
      #"{"type":"assistant","message":{"content":[{"type":"tool_use","name":"Bash","input":{"description":"d","command":"ls\n-l"}}]}}"#,
      "[Bash] ls -l\n"
    ),
    (
      #"{"type":"assistant","message":{"content":[{"type":"tool_use","name":"T","input":{"n":1}}]}}"#,
      "[T] {\"n\":1}\n"
    ),
    (
      #"{"type":"user","message":{"content":[{"type":"tool_result","content":"a\nb\n","is_error":false}]}}"#,
      "  | a\n  | b\n"
    ),
    (
      #"{"type":"user","message":{"content":[{"type":"tool_result","content":[{"type":"text","text":"no"}],"is_error":true}]}}"#,
      "  ! no\n"
    ),
    (
      #"{"type":"user","message":{"content":[{"type":"tool_result","content":"1\n2\n3\n4\n5\n6\n7\n8"}]}}"#,
      "  | 1\n  | 2\n  | 3\n  | 4\n  | 5\n  | 6\n  | … 2 more lines\n"
    ),
    (#"{"type":"user","isReplay":true,"message":{"content":"fix it"}}"#, "> fix it\n"),
    (#"{"type":"user","message":{"content":"said by nobody"}}"#, ""),
    (
      #"{"type":"result","is_error":false,"num_turns":2,"duration_ms":4120,"total_cost_usd":0.01239}"#,
      "[done: 2 turns, 4.1 s, $0.0124]\n"
    ),
    (#"{"type":"result","is_error":false}"#, "[done]\n"),
    (#"{"type":"result","is_error":true,"subtype":"success","result":"API Error"}"#, "[error: API Error]\n"),
    (#"{"type":"result","subtype":"error_max_turns"}"#, "[error: error_max_turns]\n"),
    (#"{"type":"system","subtype":"init"}"#, ""),
    (#"{"type":"new_kind","message":7}"#, ""),
    (#"{"type":"assistant","message":{"content":[7,null,{"type":"text"},{"type":"tool_use"}]}}"#, "[tool] \n"),
    ("not JSON", "not JSON\n"),
    (#"{"broken":"#, "{\"broken\":\n"),
  ])
  func `claude's events are shown as text`(line: String, text: String) {
    #expect(show([line]) == text)
  }

  @Test func `nothing an agent says steers a terminal`() {
    let line =
      #"{"type":"assistant","message":{"content":[{"type":"text","text":"\u001b[31mred\u009b \u202e\u0007\tok"}]}}"#
    #expect(show([line]) == #"\u001b[31mred\u009b \u202e\u0007"# + "\tok\n")
    #expect(show(["\u{1B}]0;title\u{7}"], agent: "sh") == #"\u001b]0;title\u0007"# + "\n")
  }

  @Test func `a program that is no agent is shown byte for byte where no terminal is`() {
    #expect(
      show(["a\u{1B}b", "{\"type\":\"result\"}"], agent: "sh", escapes: false) == "a\u{1B}b\n{\"type\":\"result\"}\n")
  }

  @Test func `an event in pieces is one, and a huge one only its size`() {
    var readable = ReadableText(profile: AgentProfile(program: "claude"), escapes: true)
    var output: [UInt8] = []
    func feed(_ text: String, _ piece: LinePiece) {
      Array(text.utf8).withUnsafeBytes { readable.feed($0, piece: piece, to: &output) }
    }
    feed(#"{"type":"assistant","message":{"content":"#, LinePiece(startsLine: true, endsLine: false, terminated: false))
    feed(#""hi"}}"#, LinePiece(startsLine: false, endsLine: true, terminated: true))
    feed(
      String(repeating: "x", count: ReadableText.longestEvent),
      LinePiece(startsLine: true, endsLine: false, terminated: false))
    feed("yz", LinePiece(startsLine: false, endsLine: true, terminated: true))
    feed("after", .whole)
    #expect(String(decoding: output, as: UTF8.self) == "hi\n[a line of 1048578 bytes]\nafter\n")
  }

  @Test func `profiles go by the base name`() {
    #expect(AgentProfile(program: "/opt/bin/claude")?.name == "claude")
    #expect(AgentProfile(program: "codex")?.sessionArguments == nil)
    #expect(AgentProfile(program: "claude-code") == nil)
    #expect(AgentProfile(program: "") == nil)
  }
}
