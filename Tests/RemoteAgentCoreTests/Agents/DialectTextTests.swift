import RemoteAgentCore
import Testing

@Suite struct `Readable text of a dialect` {
  private func show(_ lines: [String], _ dialect: AgentDialect, prompt: (id: String, PromptOrigin)? = nil) -> String {
    var readable = ReadableText(dialect: dialect, escapes: false)
    if let prompt { readable.promptSent(uuid: prompt.id, from: prompt.1) }
    var output: [UInt8] = []
    for line in lines { Array(line.utf8).withUnsafeBytes { readable.feed($0, piece: .whole, to: &output) } }
    readable.finish(to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  // MARK: codex app-server

  private static func item(_ place: String, _ item: String) -> String {
    #"{"method":"item/\#(place)","params":{"item":\#(item),"threadId":"t-1","turnId":"n-1"},"emittedAtMs":1}"#
  }

  private static func user(_ id: String = "null") -> String {
    item("completed", #"{"type":"userMessage","id":"1","clientId":\#(id),"content":[{"type":"text","text":"fix it"}]}"#)
  }

  @Test(arguments: [
    (CodexLines.initialized, ""), (CodexLines.begun, ""), (CodexLines.started(), ""), (CodexLines.resolved(), ""),
    (user(), "> fix it\n"), (CodexLines.said, "ECHO:hello\n"),
    (
      item("started", #"{"type":"commandExecution","command":"/bin/bash -lc 'touch aaa'","aggregatedOutput":null}"#),
      "[command] /bin/bash -lc 'touch aaa'\n"
    ),
    (
      item("completed", #"{"type":"commandExecution","status":"completed","aggregatedOutput":"a\nb\n","exitCode":0}"#),
      "  | a\n  | b\n"
    ),
    (
      item("completed", #"{"type":"commandExecution","status":"failed","aggregatedOutput":null,"exitCode":3}"#),
      "  ! status 3\n"
    ),
    (item("completed", #"{"type":"commandExecution","status":"declined","exitCode":null}"#), "  ! not permitted\n"),
    (
      item(
        "completed",
        #"{"type":"fileChange","status":"completed","changes":[{"path":"a","kind":{"type":"add"},"diff":"+"},{"path":"b","kind":{"type":"update","move_path":null},"diff":""}]}"#
      ),
      "[file change] add a, update b\n"
    ),
    (
      item("started", #"{"type":"mcpToolCall","server":"s","tool":"t","arguments":{"n":1}}"#), "[s.t] {\"n\":1}\n"
    ),
    (
      item("completed", #"{"type":"mcpToolCall","status":"failed","error":{"message":"gone"},"result":null}"#),
      "  ! gone\n"
    ),
    (item("completed", #"{"type":"webSearch","query":"q"}"#), "[web search] q\n"),
    (item("completed", #"{"type":"reasoning","summary":["**hm**","so"],"content":[]}"#), "[thinking] **hm** so\n"),
    (item("completed", #"{"type":"contextCompaction","id":"1"}"#), ""), (item("completed", "7"), ""),
    (CodexLines.question(), "[asks] command: /bin/bash -lc 'touch aaa' (answer at the hub)\n"),
    (
      #"{"method":"item/fileChange/requestApproval","id":4,"params":{"threadId":"t-1","itemId":"i"}}"#,
      "[asks] file change (answer at the hub)\n"
    ),
    (#"{"method":"item/tool/call","id":4,"params":{"threadId":"t-1"}}"#, ""),
    (CodexLines.error("Reconnecting... 1/5", willRetry: true), "[warning: Reconnecting... 1/5]\n"),
    (CodexLines.error("full", willRetry: false), "[error: full]\n"),
    (#"{"method":"warning","params":{"threadId":"t-1","message":"careful"}}"#, "[warning: careful]\n"),
    (CodexLines.warning, "[warning: Codex could not find bubblewrap on PATH.]\n"),
    (CodexLines.completed(), "[done]\n"), (CodexLines.completed("interrupted"), "[interrupted]\n"),
    (CodexLines.completed("failed", error: #"{"message":"fake 400"}"#), "[error: fake 400]\n"),
    (CodexLines.completed("failed"), "[error: no reason given]\n"),
    (#"{"error":{"code":-32600,"message":"no thread"},"id":3}"#, "[error: no thread]\n"),
    (#"{"a":1}"#, "{\"a\":1}\n"), ("plain", "plain\n"),
  ])
  func `codex app-server's messages are shown as text`(line: String, text: String) {
    #expect(show([line], .codexServer) == text)
  }

  @Test func `an error that ends codex's turn is told once`() {
    let lines = [
      CodexLines.error("full", willRetry: false), CodexLines.completed("failed", error: #"{"message":"full"}"#),
    ]
    #expect(show(lines, .codexServer) == "[error: full]\n")
    #expect(show(lines + [lines[1]], .codexServer) == "[error: full]\n[error: full]\n")
  }

  @Test(arguments: [
    (#""command":null,"reason":"network""#, "commandExecution", "command: network"),
    (#""reason":"write","permissions":{"network":null}"#, "permissions", "permissions: write"),
    (#""permissions":{"network":null}"#, "permissions", "permissions: {\"network\":null}"),
  ])
  func `what codex asks for is shown`(params: String, kind: String, what: String) {
    let line = #"{"method":"item/\#(kind)/requestApproval","id":4,"params":{"threadId":"t-1",\#(params)}}"#
    #expect(show([line], .codexServer) == "[asks] \(what) (answer at the hub)\n")
  }

  @Test func `file changes are shown with the question about them`() {
    let begun = Self.item(
      "started", #"{"type":"fileChange","id":"i-1","changes":[{"path":"a","kind":{"type":"add"},"diff":"+"}]}"#)
    let questions = ["i-1", "i-2"].map {
      #"{"method":"item/fileChange/requestApproval","id":4,"params":{"threadId":"t-1","itemId":"\#($0)"}}"#
    }
    #expect(
      show([begun] + questions, .codexServer)
        == "[asks] file change: add a (answer at the hub)\n[asks] file change (answer at the hub)\n")
  }

  @Test func `older versions' questions are shown`() {
    let lines = [
      #"{"method":"execCommandApproval","id":1,"params":{"command":["touch","a"],"cwd":"/"}}"#,
      #"{"method":"applyPatchApproval","id":1,"params":{"fileChanges":{"a":{},"b":{}}}}"#,
      #"{"method":"mcpServer/elicitation/request","id":1,"params":{"serverName":"s","message":"May it?"}}"#,
    ]
    #expect(
      show(lines, .codexServer)
        == "[asks] command: touch a (answer at the hub)\n[asks] file change: a, b (answer at the hub)\n"
        + "[asks] mcp s: May it? (answer at the hub)\n")
  }

  @Test func `the tokens of each of codex's turns are its own`() {
    func usage(_ input: Int, _ output: Int) -> String {
      #"{"method":"thread/tokenUsage/updated","params":{"threadId":"t-1","tokenUsage":{"total":{"inputTokens":\#(input),"outputTokens":\#(output)},"last":{"inputTokens":1}}}}"#
    }
    let lines = [usage(5, 1), usage(11, 7), CodexLines.completed(), usage(33, 21), CodexLines.completed()]
    #expect(show(lines, .codexServer) == "[done: 11 tokens in, 7 out]\n[done: 22 tokens in, 14 out]\n")
  }

  @Test func `the ends of turns of codex's own agents are not shown`() {
    #expect(show([CodexLines.started(), CodexLines.completed(thread: "t-9")], .codexServer) == "")
  }

  @Test(arguments: [(PromptOrigin.typed, ""), (.hub, "> fix it (from the hub)\n"), (.other, "> fix it\n")])
  func `how a prompt to codex is shown goes by where it came from`(origin: PromptOrigin, text: String) {
    #expect(show([Self.user("\"u-1\"")], .codexServer, prompt: ("u-1", origin)) == text)
    #expect(show([Self.user("\"u-0\"")], .codexServer, prompt: ("u-1", origin)) == "> fix it\n")
    #expect(show([Self.user()], .codexServer, prompt: ("u-1", origin)) == "> fix it\n")
  }

  // MARK: gemini

  @Test(arguments: [
    ([GeminiLines.initialization], ""), ([GeminiLines.prompt], "> fix it\n"),
    ([GeminiLines.use], "[run_shell_command] ls -l\n"), ([GeminiLines.gave], "  | a\n  | b\n"),
    (
      [#"{"type":"tool_result","tool_id":"1","status":"error","error":{"type":"E","message":"no such file"}}"#],
      "  ! no such file\n"
    ),
    ([#"{"type":"tool_result","tool_id":"1","status":"error"}"#], "  ! failed\n"),
    ([GeminiLines.success], "[done: 12 tokens in, 3 out]\n"), ([GeminiLines.failure()], "[error: too many turns]\n"),
    ([GeminiLines.failure("")], "[error: no reason given]\n"),
    ([GeminiLines.error("full"), GeminiLines.failure(#","error":{"message":"full"}"#)], "[error: full]\n"),
    ([GeminiLines.error("slow", severity: "warning")], "[warning: slow]\n"),
    ([#"{"type":"message","role":"assistant","content":"whole"}"#], "whole\n"),
    (
      ["Hel", "lo\\nyou", " there\\n", "\\nend"].map { GeminiLines.part($0) } + [GeminiLines.success],
      "Hello\nyou there\n\nend\n[done: 12 tokens in, 3 out]\n"
    ),
    ([GeminiLines.part("Hel"), GeminiLines.use], "Hel\n[run_shell_command] ls -l\n"),
    ([GeminiLines.part("Hel")], "Hel\n"),
    (
      [#"{"type":"error"}"#, #"{"type":"message","role":"user"}"#, #"{"type":"result"}"#, "plain"],
      "{\"type\":\"error\"}\n{\"type\":\"message\",\"role\":\"user\"}\n{\"type\":\"result\"}\nplain\n"
    ),
  ])
  func `gemini's events are shown as text`(lines: [String], text: String) {
    #expect(show(lines, .gemini) == text)
  }

  @Test func `a line of gemini's that does not end is waited for to 64 KiB`() {
    var readable = ReadableText(dialect: .gemini, escapes: false)
    var output: [UInt8] = []
    func feed(_ line: String) { Array(line.utf8).withUnsafeBytes { readable.feed($0, piece: .whole, to: &output) } }
    let part = String(repeating: "x", count: 1 << 15)
    for _ in 0..<2 { feed(GeminiLines.part(part)) }
    #expect(output.isEmpty)
    feed(GeminiLines.part("y"))
    #expect(output.count == (1 << 16) + 2)
  }

  @Test func `how a prompt to gemini is shown goes by where it came from`() {
    #expect(show([GeminiLines.prompt], .gemini, prompt: ("u-1", .hub)) == "> fix it (from the hub)\n")
    #expect(show([GeminiLines.prompt, GeminiLines.prompt], .gemini, prompt: ("u-1", .typed)) == "> fix it\n")
  }

  // MARK: claude

  @Test func `claude's questions are shown`() {
    #expect(show([ClaudeLines.question()], .claude) == "[asks] Bash: touch zzz (answer at the hub)\n")
    #expect(show([ClaudeLines.question(input: "{}")], .claude) == "[asks] Bash (answer at the hub)\n")
    let others = [
      #"{"type":"control_request","request_id":"1","request":{"subtype":"initialize"}}"#,
      #"{"type":"control_cancel_request","request_id":"1"}"#, ClaudeLines.initialized,
    ]
    #expect(show(others, .claude) == "")
  }

  @Test func `a turn of claude's that was interrupted is shown as such`() {
    #expect(show([ClaudeLines.aborted], .claude) == "[interrupted]\n")
  }

  @Test func `what has no dialect is shown as it is`() {
    var readable = ReadableText(dialect: nil, escapes: false)
    var output: [UInt8] = []
    Array(ClaudeLines.initialization.utf8).withUnsafeBytes { readable.feed($0, piece: .whole, to: &output) }
    #expect(String(decoding: output, as: UTF8.self) == ClaudeLines.initialization + "\n")
  }
}

@Suite struct `An agent's last words` {
  @Test(arguments: [
    (ClaudeLines.said, AgentWords.Reading.words("[Bash] touch zzz\n")),
    (ClaudeLines.question(), .words("[asks] Bash: touch zzz (answer at the hub)\n")),
    (ClaudeLines.initialized, .nothing), (ClaudeLines.result(), .nothing), (ClaudeLines.lifecycle("queued"), .nothing),
    (#"{"type":"control_cancel_request","request_id":"1"}"#, .nothing),
    (ClaudeLines.result(isError: true, text: "full"), .words("[error: full]\n")),
    (ExecLines.said, .words("ECHO:hi\n")), (ExecLines.started, .nothing), (ExecLines.completed, .nothing),
    (CodexLines.said, .words("ECHO:hello\n")), (CodexLines.initialized, .nothing), (CodexLines.started(), .nothing),
    (CodexLines.completed(), .nothing), (#"{"id":7,"result":{}}"#, .nothing),
    (CodexLines.completed("failed", error: #"{"message":"full"}"#), .words("[error: full]\n")),
    (CodexLines.question(), .words("[asks] command: /bin/bash -lc 'touch aaa' (answer at the hub)\n")),
    (CodexLines.error("full", willRetry: false), .words("[error: full]\n")),
    (
      #"{"method":"item/completed","params":{"item":{"type":"userMessage","content":[{"type":"text","text":"p"}]},"threadId":"t"}}"#,
      .nothing
    ),
    (GeminiLines.part("hi"), .words("hi")), (GeminiLines.prompt, .nothing), (GeminiLines.initialization, .nothing),
    (GeminiLines.use, .words("[run_shell_command] ls -l\n")), (GeminiLines.gave, .nothing),
    (GeminiLines.success, .nothing),
    (GeminiLines.failure(), .words("[error: too many turns]\n")),
    (GeminiLines.error("full"), .words("[error: full]\n")),
    (#"{"a":1}"#, .unknown), (#"{"method":"textDocument/didOpen","params":{}}"#, .unknown),
    (#"{"method":"error","params":{"error":{"message":"x"}}}"#, .unknown),
    (#"{"type":"error","message":"x"}"#, .unknown),
    (#"{"id":7,"result":{},"more":1}"#, .unknown), (#"{"type":"tool_use"}"#, .unknown),
  ])
  func `are what it said, did or asks`(line: String, reading: AgentWords.Reading) throws {
    #expect(AgentWords.read(try JSON(parsing: line)) == reading)
  }
}
