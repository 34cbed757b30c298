import RemoteAgentCore
import Testing

@Suite struct `Talking with claude` {
  @Test func `it is ready when it has answered the beginning`() {
    var talk = DialogueTalk.claude()
    #expect(talk.send("say \"hi\"\n", "u-1") == [.write(ClaudePrompt.line("say \"hi\"\n", uuid: "u-1"))])
  }

  @Test(arguments: [
    #"{"type":"control_response","response":{"subtype":"error","request_id":"ra-initialize","error":"Not logged in"}}"#
  ])
  func `it is broken if it refuses the beginning`(line: String) {
    var talk = DialogueTalk(.claude, .drives(folder: "/", asks: true))
    _ = talk.started()
    #expect(talk.hear(line) == [.broke("Not logged in")])
    #expect(!talk.dialogue.isReady)
    #expect(talk.hear(ClaudeLines.initialized) == [])
    #expect(!talk.dialogue.isReady)
  }

  @Test func `a refusal without a reason has one`() {
    var talk = DialogueTalk(.claude, .drives(folder: "/", asks: true))
    _ = talk.started()
    let line = #"{"type":"control_response","response":{"request_id":"ra-initialize"}}"#
    #expect(talk.hear(line) == [.broke("claude did not take the beginning of the talk")])
  }

  @Test func `an answer to something else does not make it ready`() {
    var talk = DialogueTalk(.claude, .drives(folder: "/", asks: true))
    _ = talk.started()
    #expect(talk.hear(ClaudeLines.initialized.replacing("ra-initialize", with: "r0")) == [])
    #expect(!talk.dialogue.isReady)
  }

  @Test(arguments: [1, 3, 64, .max])
  func `a turn goes from its prompt to its result`(step: Int) {
    var talk = DialogueTalk.claude(step: step)
    _ = talk.send("tool:touch zzz", "u-1")
    #expect(talk.hear(ClaudeLines.lifecycle("queued")) == [.took(prompt: "u-1")])
    #expect(talk.hear(ClaudeLines.lifecycle("started")) == [])
    #expect(talk.hear(ClaudeLines.initialization) == [.session("6492c2c6")])
    #expect(talk.hear(ClaudeLines.replay(), ClaudeLines.said) == [])
    let input: JSON = ["command": "touch zzz", "description": "fake"]
    #expect(
      talk.hear(ClaudeLines.question()) == [.asks(AgentQuestion(requestId: "026fce2d", tool: "Bash", input: input))])
    #expect(talk.dialogue.answer("026fce2d", .allow) == true)
    let answer =
      #"{"type":"control_response","response":{"subtype":"success","request_id":"026fce2d","response":{"behavior":"allow","updatedInput":{"command":"touch zzz","description":"fake"}}}}"#
    #expect(talk.effects() == [.line(answer)])
    // It says it back.
    #expect(talk.hear(answer, ClaudeLines.gave) == [])
    #expect(talk.hear(ClaudeLines.result()) == [.ended(.ok, detail: nil)])
    #expect(talk.hear(ClaudeLines.lifecycle("completed")) == [])
    #expect(talk.dialogue.isReady)
    // The session is told once.
    _ = talk.send("more", "u-2")
    #expect(talk.hear(ClaudeLines.initialization, ClaudeLines.lifecycle("queued", of: "u-2")) == [.took(prompt: "u-2")])
  }

  @Test(arguments: [
    (ClaudeLines.lifecycle("started"), [AgentDialogue.Effect.took(prompt: "u-1")]),
    (ClaudeLines.replay(), [.took(prompt: "u-1")]),
    (ClaudeLines.result(), [.took(prompt: "u-1"), .ended(.ok, detail: nil)]),
    (ClaudeLines.result(prompt: nil), [.took(prompt: "u-1"), .ended(.ok, detail: nil)]),
    (ClaudeLines.lifecycle("cancelled"), [.took(prompt: "u-1"), .resultIsDue]),
    // None of them is about it.
    (ClaudeLines.lifecycle("queued", of: "u-0"), []), (ClaudeLines.replay(of: "u-0"), []),
    (ClaudeLines.result(prompt: "u-0"), []), (ClaudeLines.initialization, [.session("6492c2c6")]),
    (ClaudeLines.gave, []),
    (ClaudeLines.replay().replacing("true", with: "false"), []),
  ])
  func `it has a prompt by the first word of it`(line: String, effects: [AgentDialogue.Effect]) {
    var talk = DialogueTalk.claude()
    _ = talk.send("go", "u-1")
    #expect(talk.hear(line) == effects)
  }

  @Test func `a prompt's end before its result makes the result due`() {
    var talk = DialogueTalk.claudeInTurn()
    #expect(talk.hear(ClaudeLines.lifecycle("completed")) == [.resultIsDue])
    #expect(talk.hear(ClaudeLines.result()) == [.ended(.ok, detail: nil)])
  }

  @Test(arguments: [
    (ClaudeLines.result(isError: true, text: "API Error: 400 fake"), "API Error: 400 fake"),
    (
      ClaudeLines.result(isError: true, subtype: "error_during_execution", text: nil, errors: #"["no such file","b"]"#),
      "no such file"
    ),
    (ClaudeLines.result(isError: true, subtype: "error_max_turns", text: nil), "error_max_turns"),
    (ClaudeLines.result(isError: true, subtype: "error_max_turns", text: "", errors: "[]"), "error_max_turns"),
    (ClaudeLines.result(isError: true, subtype: "x", text: nil, errors: #"[{"a":"b"},"c"]"#), "x"),
  ])
  func `is_error is an error, whatever stands beside it`(line: String, detail: String) {
    var talk = DialogueTalk.claudeInTurn()
    #expect(talk.hear(line) == [.ended(.error, detail: detail)])
  }

  @Test func `a long reason is cut between characters`() {
    var talk = DialogueTalk.claudeInTurn()
    let text = String(repeating: "\u{E4}\\u00e4\\\" ", count: 100_000)
    guard case .ended(.error, let detail?)? = talk.hear(ClaudeLines.result(isError: true, text: text)).first else {
      Issue.record("no error")
      return
    }
    #expect(detail.utf8.count <= AgentDialogue.longestDetail)
    #expect(detail.utf8.count > 200)
    #expect(detail.hasPrefix("\u{E4}\u{E4}\" \u{E4}"))
    #expect(detail.hasSuffix("\u{E4}\u{E4}\""), "the last word is whole")
    #expect(!detail.contains("\u{FFFD}"))
  }

  @Test func `an interrupted turn is incomplete, and the process stays`() {
    var talk = DialogueTalk.claudeInTurn()
    #expect(talk.dialogue.interrupt() == true)
    #expect(
      talk.effects() == [
        .line(#"{"type":"control_request","request_id":"ra-interrupt-1","request":{"subtype":"interrupt"}}"#)
      ])
    let receipt =
      #"{"type":"control_response","response":{"subtype":"success","request_id":"ra-interrupt-1","response":{"still_queued":[]}}}"#
    #expect(talk.hear(receipt) == [])
    #expect(talk.hear(ClaudeLines.aborted) == [.ended(.incomplete, detail: "interrupted")])
    #expect(talk.hear(ClaudeLines.lifecycle("cancelled")) == [])
    #expect(talk.dialogue.interrupt() == false)
    // The next one is not.
    _ = talk.send("more", "u-2")
    _ = talk.hear(ClaudeLines.lifecycle("queued", of: "u-2"))
    let aborted = ClaudeLines.result(isError: true, text: "full", reason: "aborted_streaming", prompt: "u-2")
    #expect(talk.hear(aborted) == [.ended(.error, detail: "full")])
  }

  @Test func `a turn that ended on its own all the same tells its own end`() {
    var talk = DialogueTalk.claudeInTurn()
    #expect(talk.dialogue.interrupt() == true)
    _ = talk.effects()
    #expect(talk.hear(ClaudeLines.result()) == [.ended(.ok, detail: nil)])
    talk = DialogueTalk.claudeInTurn()
    #expect(talk.dialogue.interrupt() == true)
    _ = talk.effects()
    #expect(talk.hear(ClaudeLines.result(isError: true, text: "full")) == [.ended(.error, detail: "full")])
  }

  @Test func `a turn of its own after an interrupted one is not interrupted`() {
    var talk = DialogueTalk.claudeInTurn()
    #expect(talk.dialogue.interrupt() == true)
    _ = talk.effects()
    #expect(talk.hear(ClaudeLines.aborted) == [.ended(.incomplete, detail: "interrupted")])
    #expect(talk.hear(ClaudeLines.initialization) == [.session("6492c2c6"), .began])
    #expect(
      talk.hear(#"{"type":"result","subtype":"success","is_error":true,"result":"full"}"#)
        == [.ended(.error, detail: "full")])
  }

  @Test func `what nobody asked to be interrupted is an error`() {
    var talk = DialogueTalk.claudeInTurn()
    guard case .ended(.error, _)? = talk.hear(ClaudeLines.aborted).first else {
      Issue.record("no error")
      return
    }
  }

  @Test func `there is nothing to interrupt before the first prompt`() {
    var talk = DialogueTalk.claude()
    #expect(talk.dialogue.interrupt() == false)
    #expect(talk.effects() == [])
  }

  @Test func `a turn of its own is told`() {
    var talk = DialogueTalk.claude()
    #expect(talk.hear(ClaudeLines.initialization) == [.session("6492c2c6"), .began])
    #expect(talk.hear(ClaudeLines.result(prompt: nil)) == [.ended(.ok, detail: nil)])
    #expect(talk.hear(ClaudeLines.result(prompt: nil)) == [])
  }
}

@Suite struct `Listening to claude` {
  @Test func `in raw mode its turns are told`() {
    var talk = DialogueTalk(.claude, .listens(prompt: nil, input: nil))
    #expect(talk.started() == [])
    #expect(talk.dialogue.isReady)
    #expect(talk.hear(ClaudeLines.initialization) == [.session("6492c2c6"), .began])
    #expect(talk.hear(ClaudeLines.said, ClaudeLines.question(), ClaudeLines.lifecycle("queued")) == [])
    #expect(talk.hear(ClaudeLines.initialization) == [])
    #expect(talk.hear(ClaudeLines.result(isError: true, text: "full")) == [.ended(.error, detail: "full")])
    #expect(talk.hear(ClaudeLines.initialization) == [.began])
    #expect(talk.hear(ClaudeLines.result(prompt: nil)) == [.ended(.ok, detail: nil)])
    #expect(talk.dialogue.interrupt() == false)
  }

  @Test func `with --output-format json there is a result only`() {
    var talk = DialogueTalk(.claude, .listens(prompt: nil, input: nil))
    #expect(talk.hear(ClaudeLines.result(isError: true, text: "full")) == [.began, .ended(.error, detail: "full")])
  }

  @Test func `a prompt in its arguments is taken when it begins`() {
    var talk = DialogueTalk(.claude, .listens(prompt: "p-1", input: nil))
    #expect(talk.started() == [])
    #expect(talk.hear(ClaudeLines.initialization) == [.session("6492c2c6"), .took(prompt: "p-1")])
    #expect(talk.hear(ClaudeLines.result(prompt: "another")) == [.ended(.ok, detail: nil)])
  }

  @Test func `a prompt for its standard input is written, and that ended`() {
    var talk = DialogueTalk(.claude, .listens(prompt: "p-1", input: "hi"))
    #expect(talk.started() == [.write(Array("hi".utf8)), .endInput])
  }
}
