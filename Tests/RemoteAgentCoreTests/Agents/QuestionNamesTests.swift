import RemoteAgentCore
import Testing

/// What is shown of a question, and what goes back to the agent, is the same: where names could be read in two ways, nobody is asked.
@Suite struct `The names in a question` {
  private static let unreadable = "the question can't be read"

  /// Claude's request is denied at once, and why.
  private func denied(_ line: String, _ tool: String, sourceLocation: SourceLocation = #_sourceLocation) {
    for step in [1, .max] {
      var talk = DialogueTalk.claudeInTurn()
      talk.step = step
      let effects = talk.hear(line)
      #expect(
        effects.first?.written?["response"]?["response"]?["behavior"]?.string == "deny", sourceLocation: sourceLocation)
      #expect(
        effects.last == .denied(requestId: "q-1", tool: tool, reason: Self.unreadable), sourceLocation: sourceLocation)
      #expect(talk.dialogue.answer("q-1", .allow) == false, sourceLocation: sourceLocation)
    }
  }

  private static func claude(_ members: String) -> String {
    #"{"type":"control_request","request_id":"q-1",\#(members)}"#
  }

  @Test(arguments: [
    #""req\u0075est":{"subtype":"can_use_tool","tool_name":"Bash","input":{"command":"ls"}},"request":{"subtype":"can_use_tool","tool_name":"Bash","input":{"command":"rm -rf ~"}}"#,
    #""request":{"subtype":"can_use_tool","tool_name":"Bash","input":{"command":"ls"}},"request":{}"#,
    #""request":{"subtype":"can_use_tool","tool_name":"Bash","input":{"command":"ls","command":"rm -rf ~"}}"#,
    #""request":{"subtype":"can_use_tool","tool_name":"Bash","input":{"edits":[1,{"a":1,"\u0061":2}]}}"#,
    #""request":{"subtype":"can_use_tool","tool_name":"Bash","input":{"command":"ls"},"input":{"command":"rm -rf ~"}}"#,
    #""request":{"subtype":"can_use_tool","tool_name":"Bash","inp\u0075t":{"command":"ls"},"input":{"command":"rm -rf ~"}}"#,
    #""request":{"subtype":"can_use_tool","tool_name":"Bash","tool_name":"Read","input":{}}"#,
    #""request":{"subtype":"can_use_tool","tool_name":"Bash","input":{}},"request_id":"q-2""#,
    #""request":{"subtype":"can_use_tool","tool_name":"Bash","inp\u0075t":{"command":"ls"}}"#,
    #""req\u0075est":{"subtype":"can_use_tool","tool_name":"Bash","input":{"command":"ls"}}"#,
  ])
  func `may not stand twice, nor what goes back be found by another spelling only`(members: String) {
    denied(Self.claude(members), "Bash")
  }

  @Test(arguments: [
    #""Read \#(String(repeating: "x", count: 600))""#, #""\#(String(repeating: "y", count: 600))""#, "7", #""\x""#,
  ])
  func `have the tool's whole`(name: String) {
    denied(
      Self.claude(#""request":{"subtype":"can_use_tool","tool_name":\#(name),"input":{"command":"rm"}}"#), "a tool")
  }

  private func codex() -> DialogueTalk {
    var talk = DialogueTalk(.codexServer, .drives(folder: "/tmp/probe", asks: true))
    _ = talk.started()
    #expect(talk.hear(CodexLines.initialized, CodexLines.begun).last == .session("t-1"))
    _ = talk.send("go", "u-1")
    #expect(talk.hear(CodexLines.taken()) == [.took(prompt: "u-1")])
    return talk
  }

  @Test(arguments: [
    #""permissions":{"fileSystem":{"write":["/"]}},"permissions":{"fileSystem":{"read":["/tmp"]}}"#,
    #""permissions":{"fileSystem":{"write":["/"]}},"permissi\u006fns":{"fileSystem":{"read":["/tmp"]}}"#,
    #""permissi\u006fns":{"fileSystem":{"read":["/tmp"]}}"#,
    #""permissions":{"network":{"enabled":true,"enabled":false}}"#,
  ])
  func `of codex's, too`(members: String) {
    var talk = codex()
    #expect(
      talk.hear(#"{"id":1,"method":"item/permissions/requestApproval","params":{"threadId":"t-1",\#(members)}}"#) == [
        .line(#"{"id":1,"result":{"permissions":{},"scope":"turn"}}"#),
        .denied(requestId: "1", tool: "permissions", reason: Self.unreadable),
      ])
  }

  @Test(arguments: [#""git \#(String(repeating: "x", count: 600))""#, "7"])
  func `have the server's whole`(name: String) {
    var talk = codex()
    #expect(
      talk.hear(#"{"id":1,"method":"mcpServer/elicitation/request","params":{"serverName":\#(name),"mode":"form"}}"#)
        == [
          .line(#"{"id":1,"result":{"action":"decline"}}"#),
          .denied(requestId: "1", tool: "mcp server", reason: Self.unreadable),
        ])
  }

  // MARK: Its own

  @Test func `that another one has, too, is refused`() {
    var talk = codex()
    func refusal(_ id: String) -> AgentDialogue.Effect {
      .line(#"{"id":\#(id),"error":{"code":-32600,"message":"ra-spawn has another question of this name"}}"#)
    }
    let composed = "\"\u{E9}\""
    let decomposed = "\"e\u{301}\""
    _ = talk.hear(CodexLines.question("1"), CodexLines.question(composed))
    #expect(talk.hear(CodexLines.question("\"1\"")) == [refusal("\"1\"")])
    #expect(talk.hear(CodexLines.question(decomposed)) == [refusal(decomposed)])
    // Nor does it withdraw the other one.
    #expect(talk.hear(CodexLines.resolved("\"1\""), CodexLines.resolved(decomposed)) == [])
    // The same one, once more.
    #expect(talk.hear(CodexLines.question("1"), CodexLines.question(composed)) == [])
    #expect(talk.dialogue.answer("1", .allow) == true)
    #expect(talk.effects() == [.line(#"{"id":1,"result":{"decision":"accept"}}"#)])
    #expect(talk.hear(CodexLines.resolved(composed)) == [.withdrew(requestId: "\u{E9}")])

    talk = DialogueTalk.claudeInTurn()
    _ = talk.hear(ClaudeLines.question("\u{E9}"))
    let answer = talk.hear(ClaudeLines.question("e\u{301}"))
    #expect(
      answer == [
        .line(
          #"{"type":"control_response","response":{"subtype":"error","request_id":"\#("e\u{301}")","error":"ra-spawn has another question of this name"}}"#
        )
      ])
    #expect(talk.hear("{\"type\":\"control_cancel_request\",\"request_id\":\"e\u{301}\"}") == [])
    #expect(talk.dialogue.answer("\u{E9}", .allow) == true)
  }

  @Test(arguments: ["ra-x", "ra-initialize", "ra-interrupt-1"])
  func `that looks like one of ours does not leave it without an answer`(id: String) {
    var talk = DialogueTalk.claudeInTurn()
    guard case .asks(let question)? = talk.hear(ClaudeLines.question(id)).first else {
      Issue.record("not asked")
      return
    }
    #expect(question.requestId == id)
    #expect(talk.dialogue.answer(id, .allow) == true)
    #expect(talk.effects().count == 1)
    #expect(
      talk.hear(#"{"type":"control_request","request_id":"\#(id)","request":{"subtype":"new"}}"#).count == 1)
  }
}
