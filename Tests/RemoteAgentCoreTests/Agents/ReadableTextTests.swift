import RemoteAgentCore
import Testing

@Suite struct `Readable text` {
  private func show(_ lines: [String], agent: String = "claude", escapes: Bool = true) -> String {
    var readable = ReadableText(profile: AgentProfiles.builtIn[agent: agent], escapes: escapes)
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
    (
      #"{"type":"user","message":{"content":[{"type":"tool_result","content":"a\r\n[done]\r\n\rb"}]}}"#,
      "  | a\n  | [done]\n  | \n  | b\n"
    ),
    (#"{"type":"assistant","message":{"content":"a\r\n"}}"#, "a\\u000d\n"),
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
    (#"{"type":"new_kind","session_id":"s"}"#, ""), (#"{"type":"control_response","response":{}}"#, ""),
    (#"{"type":"new_kind","message":7}"#, #"{"type":"new_kind","message":7}"# + "\n"),
    (#"{"a":1}"#, #"{"a":1}"# + "\n"),
    (#"{"type":"result","is_error":false,"result":"all of it"}"#, "all of it\n[done]\n"),
    (#"{"type":"assistant","message":{"content":[7,null,{"type":"text"},{"type":"tool_use"}]}}"#, "[tool] \n"),
    ("not JSON", "not JSON\n"),
    (#"{"broken":"#, "{\"broken\":\n"),
  ])
  func `claude's events are shown as text`(line: String, text: String) {
    #expect(show([line]) == text)
  }

  @Test func `an answer that was shown is not shown again with the result`() {
    let answer = #"{"type":"assistant","message":{"content":"an answer"}}"#
    let result = #"{"type":"result","is_error":false,"result":"an answer"}"#
    #expect(show([answer, result, result]) == "an answer\n[done]\nan answer\n[done]\n")
  }

  @Test(arguments: [
    (#"{"type":"thread.started","thread_id":"t"}"#, ""), (#"{"type":"turn.started"}"#, ""),
    (#"{"type":"item.completed","item":{"id":"0","type":"agent_message","text":"Hello\nyou"}}"#, "Hello\nyou\n"),
    (#"{"type":"item.completed","item":{"id":"0","type":"reasoning","text":"**hm**\nso"}}"#, "[thinking] **hm** so\n"),
    (
      #"{"type":"item.started","item":{"id":"0","type":"command_execution","command":"bash -lc 'ls\n-l'"}}"#,
      "[command] bash -lc 'ls -l'\n"
    ),
    (
      #"{"type":"item.completed","item":{"type":"command_execution","aggregated_output":"a\nb\n","exit_code":0,"status":"completed"}}"#,
      "  | a\n  | b\n"
    ),
    (
      #"{"type":"item.completed","item":{"type":"command_execution","aggregated_output":"no","exit_code":1,"status":"failed"}}"#,
      "  ! no\n"
    ),
    (
      #"{"type":"item.completed","item":{"type":"command_execution","aggregated_output":"","exit_code":3,"status":"failed"}}"#,
      "  ! status 3\n"
    ),
    (
      #"{"type":"item.completed","item":{"type":"command_execution","aggregated_output":"","status":"declined"}}"#,
      "  ! not permitted\n"
    ),
    (
      #"{"type":"item.completed","item":{"type":"file_change","changes":[{"path":"a","kind":"add"},{"path":"b","kind":"update"}],"status":"completed"}}"#,
      "[file change] add a, update b\n"
    ),
    (#"{"type":"item.completed","item":{"type":"file_change","status":"failed"}}"#, "[file change failed] \n"),
    (
      #"{"type":"item.started","item":{"type":"mcp_tool_call","server":"s","tool":"t","arguments":{"n":1}}}"#,
      "[s.t] {\"n\":1}\n"
    ),
    (
      #"{"type":"item.completed","item":{"type":"mcp_tool_call","result":{"content":[{"type":"text","text":"r"}]}}}"#,
      "  | r\n"
    ),
    (#"{"type":"item.completed","item":{"type":"mcp_tool_call","error":{"message":"gone"}}}"#, "  ! gone\n"),
    (#"{"type":"item.completed","item":{"type":"web_search","query":"q"}}"#, "[web search] q\n"),
    (#"{"type":"item.completed","item":{"type":"error","message":"careful"}}"#, "[warning: careful]\n"),
    (#"{"type":"item.updated","item":{"type":"todo_list","items":[]}}"#, ""),
    (#"{"type":"item.completed","item":{"type":"new_kind"}}"#, ""),
    (#"{"type":"item.completed","item":7}"#, #"{"type":"item.completed","item":7}"# + "\n"),
    (#"{"type":"turn.completed","usage":{"input_tokens":12,"output_tokens":3}}"#, "[done: 12 tokens in, 3 out]\n"),
    (#"{"type":"turn.completed"}"#, "[done]\n"), (#"{"type":"turn.failed"}"#, "[error: no reason given]\n"),
    (#"{"type":"error","message":"why"}"#, "[error: why]\n"),
    (#"{"type":"error"}"#, #"{"type":"error"}"# + "\n"), (#"{"type":"other"}"#, #"{"type":"other"}"# + "\n"),
    ("no \u{1B} JSON", "no \\u001b JSON\n"),
  ])
  func `codex's events are shown as text`(line: String, text: String) {
    #expect(show([line], agent: "codex", escapes: false) == text)
  }

  @Test func `an error that ends codex's turn is told once`() {
    let lines = [#"{"type":"error","message":"why"}"#, #"{"type":"turn.failed","error":{"message":"why"}}"#]
    #expect(show(lines, agent: "codex") == "[error: why]\n")
    #expect(show([lines[1]], agent: "codex") == "[error: why]\n")
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
    var readable = ReadableText(profile: AgentProfiles.builtIn[agent: "claude"], escapes: true)
    var output: [UInt8] = []
    func feed(_ text: String, _ piece: LinePiece) {
      Array(text.utf8).withUnsafeBytes { readable.feed($0, piece: piece, to: &output) }
    }
    feed(#"{"type":"assistant","message":{"content":"#, LinePiece(startsLine: true, endsLine: false, terminated: false))
    feed(#""hi"}}"#, LinePiece(startsLine: false, endsLine: true, terminated: true))
    feed(
      "{" + String(repeating: "x", count: EventReader.longestEvent - 1),
      LinePiece(startsLine: true, endsLine: false, terminated: false))
    feed("yz", LinePiece(startsLine: false, endsLine: true, terminated: true))
    feed("after", .whole)
    readable.finish(to: &output)
    #expect(String(decoding: output, as: UTF8.self) == "hi\n[a line of 1048578 bytes]\nafter\n")
  }

  @Test func `what was held of a line that never ends is shown at the end`() {
    var readable = ReadableText(profile: AgentProfiles.builtIn[agent: "claude"], escapes: true)
    var output: [UInt8] = []
    for text in [#"{"type":"result"}"#, #"{"type":"res"#] {
      let piece = LinePiece(startsLine: true, endsLine: false, terminated: false)
      Array(text.utf8).withUnsafeBytes { readable.feed($0, piece: piece, to: &output) }
      #expect(output.isEmpty)
      readable.finish(to: &output)
      #expect(String(decoding: output, as: UTF8.self) == (text.hasSuffix("}") ? "[done]\n" : text))
      output = []
    }
    readable.finish(to: &output)
    #expect(output.isEmpty)
  }

  @Test func `profiles go by the base name`() {
    #expect(AgentProfiles.builtIn[agent: "/opt/bin/claude"]?.name == "claude")
    #expect(AgentProfiles.builtIn[agent: "codex"]?.promptsVia == .stdin)
    #expect(AgentProfiles.builtIn[agent: "claude-code"] == nil)
    #expect(AgentProfiles.builtIn[agent: ""] == nil)
  }
}
