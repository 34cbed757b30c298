import RemoteAgentCore
import Testing

/// Lines as claude 2.1.330 prints them, shortened.
enum ClaudeLines {
  static let initialized =
    #"{"type":"control_response","response":{"subtype":"success","request_id":"ra-initialize","response":{"commands":[{"name":"verify","description":"Verify {that","argumentHint":"","builtin":true}]}}}"#
  static let initialization =
    #"{"type":"system","subtype":"init","cwd":"/tmp/probe","session_id":"6492c2c6","tools":["Task","Bash"],"mcp_servers":[],"model":"claude-opus-5-5","user_message_uuids":["u-1"]}"#

  static func lifecycle(_ state: String, of id: String = "u-1") -> String {
    #"{"type":"command_lifecycle","command_uuid":"\#(id)","state":"\#(state)","uuid":"c103cacd","session_id":"6492c2c6"}"#
  }

  static func replay(of id: String = "u-1") -> String {
    #"{"type":"user","message":{"role":"user","content":[{"type":"text","text":"tool:touch zzz"}]},"session_id":"6492c2c6","parent_tool_use_id":null,"uuid":"\#(id)","timestamp":"2026-11-27T14:23:09.074Z","isReplay":true}"#
  }

  static let said =
    #"{"type":"assistant","message":{"id":"msg_fake36","type":"message","role":"assistant","content":[{"type":"tool_use","id":"toolu_fake37","name":"Bash","input":{"command":"touch zzz","description":"fake"}}],"stop_reason":null},"parent_tool_use_id":null,"session_id":"6492c2c6"}"#
  static let gave =
    #"{"type":"user","message":{"role":"user","content":[{"tool_use_id":"toolu_fake37","type":"tool_result","content":"(Bash completed with no output)","is_error":false}]},"parent_tool_use_id":null,"session_id":"6492c2c6","uuid":"9ab14440"}"#

  static func question(_ id: String = "026fce2d", input: String = #"{"command":"touch zzz","description":"fake"}"#)
    -> String
  {
    #"{"type":"control_request","request_id":"\#(id)","request":{"subtype":"can_use_tool","tool_name":"Bash","display_name":"Bash","input":\#(input),"description":"fake","permission_suggestions":[{"type":"addRules","rules":[{"toolName":"Bash","ruleContent":"touch zzz *"}],"behavior":"allow","destination":"localSettings"}],"blocked_path":"/tmp/probe/zzz","tool_use_id":"toolu_fake37"}}"#
  }

  static func result(
    isError: Bool = false, subtype: String = "success", text: String? = "DONE", errors: String? = nil,
    reason: String = "completed", prompt: String? = "u-1"
  ) -> String {
    #"{"duration_api_ms":94,"stop_reason":"end_turn","session_id":"6492c2c6","usage":{"input_tokens":22,"is_error":true},"permission_denials":[],"terminal_reason":"\#(reason)","is_error":\#(isError),"num_turns":2,"subtype":"\#(subtype)","#
      + (text.map { #""result":"\#($0)","# } ?? "") + (errors.map { #""errors":\#($0),"# } ?? "")
      + (prompt.map { #""user_message_uuid":"\#($0)","user_message_uuids":["\#($0)"],"# } ?? "")
      + #""type":"result","duration_ms":2367,"uuid":"d8711db6","result_index":0}"#
  }

  static let aborted = result(
    isError: true, subtype: "error_during_execution", text: nil,
    errors: #"["[ede_diagnostic] result_type=user last_content_type=n/a stop_reason=null"]"#,
    reason: "aborted_streaming")
}

@Suite struct `Talking with claude` {
  private static let initialize =
    #"{"type":"control_request","request_id":"ra-initialize","request":{"subtype":"initialize"}}"#

  private func begun(asks: Bool = true, step: Int = .max) -> DialogueTalk {
    var talk = DialogueTalk(.claude, .drives(folder: "/tmp/probe", asks: asks), step: step)
    #expect(talk.started() == [.line(Self.initialize)])
    #expect(!talk.dialogue.isReady)
    #expect(talk.hear(ClaudeLines.initialized) == [])
    #expect(talk.dialogue.isReady)
    return talk
  }

  /// With a prompt that it has.
  private func inTurn(asks: Bool = true) -> DialogueTalk {
    var talk = begun(asks: asks)
    _ = talk.send("go", "u-1")
    #expect(talk.hear(ClaudeLines.lifecycle("queued")) == [.took(prompt: "u-1")])
    return talk
  }

  @Test func `it is ready when it has answered the beginning`() {
    var talk = begun()
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
    var talk = begun(step: step)
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
    var talk = begun()
    _ = talk.send("go", "u-1")
    #expect(talk.hear(line) == effects)
  }

  @Test func `a prompt's end before its result makes the result due`() {
    var talk = inTurn()
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
    var talk = inTurn()
    #expect(talk.hear(line) == [.ended(.error, detail: detail)])
  }

  @Test func `a long reason is cut between characters`() {
    var talk = inTurn()
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
    var talk = inTurn()
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
    var talk = inTurn()
    #expect(talk.dialogue.interrupt() == true)
    _ = talk.effects()
    #expect(talk.hear(ClaudeLines.result()) == [.ended(.ok, detail: nil)])
    talk = inTurn()
    #expect(talk.dialogue.interrupt() == true)
    _ = talk.effects()
    #expect(talk.hear(ClaudeLines.result(isError: true, text: "full")) == [.ended(.error, detail: "full")])
  }

  @Test func `a turn of its own after an interrupted one is not interrupted`() {
    var talk = inTurn()
    #expect(talk.dialogue.interrupt() == true)
    _ = talk.effects()
    #expect(talk.hear(ClaudeLines.aborted) == [.ended(.incomplete, detail: "interrupted")])
    #expect(talk.hear(ClaudeLines.initialization) == [.session("6492c2c6"), .began])
    #expect(
      talk.hear(#"{"type":"result","subtype":"success","is_error":true,"result":"full"}"#)
        == [.ended(.error, detail: "full")])
  }

  @Test func `what nobody asked to be interrupted is an error`() {
    var talk = inTurn()
    guard case .ended(.error, _)? = talk.hear(ClaudeLines.aborted).first else {
      Issue.record("no error")
      return
    }
  }

  @Test func `there is nothing to interrupt before the first prompt`() {
    var talk = begun()
    #expect(talk.dialogue.interrupt() == false)
    #expect(talk.effects() == [])
  }

  @Test func `a turn of its own is told`() {
    var talk = begun()
    #expect(talk.hear(ClaudeLines.initialization) == [.session("6492c2c6"), .began])
    #expect(talk.hear(ClaudeLines.result(prompt: nil)) == [.ended(.ok, detail: nil)])
    #expect(talk.hear(ClaudeLines.result(prompt: nil)) == [])
  }

  // MARK: Questions

  @Test func `a denial says why`() {
    var talk = inTurn()
    _ = talk.hear(ClaudeLines.question())
    #expect(talk.dialogue.answer("026fce2d", .deny(message: "no \"way\"")) == true)
    let denial =
      #"{"type":"control_response","response":{"subtype":"success","request_id":"026fce2d","response":{"behavior":"deny","message":"no \"way\""}}}"#
    #expect(talk.effects() == [.line(denial)])
    #expect(talk.dialogue.answer("026fce2d", .allow) == false)
    #expect(talk.dialogue.answer("else", .allow) == false)
    #expect(talk.effects() == [])
  }

  @Test(arguments: [
    #"{ "b" :1.50e3, "a":"\u00e4\/", "b":[1, 2 ],"c":{"d":null}}"#, "{}", #"{"input":{"input":1}}"#,
  ])
  func `what is allowed goes back byte for byte`(input: String) throws {
    var talk = inTurn()
    let effects = talk.hear(ClaudeLines.question(input: input))
    let shown = try JSON(parsing: input)
    #expect(effects == [.asks(AgentQuestion(requestId: "026fce2d", tool: "Bash", input: shown))])
    #expect(talk.dialogue.answer("026fce2d", .allow) == true)
    guard case .write(let bytes)? = talk.effects().first else {
      Issue.record("no answer")
      return
    }
    #expect(String(decoding: bytes, as: UTF8.self).hasSuffix(#""updatedInput":\#(input)}}}"# + "\n"))
  }

  @Test func `an id goes back as it stood`() {
    var talk = inTurn()
    let id = #"a\u0022\/é"#
    _ = talk.hear(ClaudeLines.question(id))
    #expect(talk.dialogue.answer("a\"/é", .allow) == true)
    guard case .write(let bytes)? = talk.effects().first else {
      Issue.record("no answer")
      return
    }
    #expect(String(decoding: bytes, as: UTF8.self).contains(#""request_id":"\#(id)","#))
  }

  @Test func `a question that claude takes back is withdrawn`() {
    var talk = inTurn()
    let withdrawal = #"{"type":"control_cancel_request","request_id":"026fce2d"}"#
    #expect(talk.hear(withdrawal) == [])
    _ = talk.hear(ClaudeLines.question())
    #expect(talk.hear(withdrawal) == [.withdrew(requestId: "026fce2d")])
    #expect(talk.dialogue.answer("026fce2d", .allow) == false)
    #expect(talk.hear(withdrawal) == [])
  }

  @Test func `where nobody answers, a question is denied at once`() {
    var talk = inTurn(asks: false)
    let effects = talk.hear(ClaudeLines.question())
    #expect(effects.count == 2)
    #expect(effects.first?.written?["response"]?["response"]?["behavior"]?.string == "deny")
    #expect(effects.last == .denied(requestId: "026fce2d", tool: "Bash", reason: "nobody is there who could allow it"))
    #expect(talk.dialogue.answer("026fce2d", .allow) == false)
  }

  @Test(arguments: [131_072, .max])
  func `a question longer than 1 MiB is denied at once`(step: Int) {
    var talk = inTurn()
    talk.step = step
    let rest = ClaudeLines.question(input: "{\"a\":\"\"}").utf8.count
    let fitting = String(repeating: "x", count: (1 << 20) - rest)
    let fits = talk.hear(ClaudeLines.question(input: "{\"a\":\"\(fitting)\"}"))
    #expect(fits == [.asks(AgentQuestion(requestId: "026fce2d", tool: "Bash", input: ["a": .string(fitting)]))])
    let effects = talk.hear(ClaudeLines.question("026fce2e", input: "{\"a\":\"\(fitting)x\"}"))
    #expect(effects.first?.written?["response"]?["response"]?["behavior"]?.string == "deny")
    #expect(effects.first?.written?["response"]?["request_id"]?.string == "026fce2e")
    #expect(
      effects.last
        == .denied(
          requestId: "026fce2e", tool: "Bash", reason: "the question is longer than 1 MiB, which nobody is asked")
    )
  }

  @Test(arguments: [
    "1", "null", "\"text\"", "[]", String(repeating: "{\"a\":", count: 256) + "1" + String(repeating: "}", count: 256),
  ])
  func `a question whose input is no object, or too deep, is denied at once`(input: String) {
    var talk = inTurn()
    let effects = talk.hear(ClaudeLines.question(input: input))
    #expect(effects.first?.written?["response"]?["response"]?["behavior"]?.string == "deny")
    #expect(effects.last == .denied(requestId: "026fce2d", tool: "Bash", reason: "the question can't be read"))
  }

  @Test func `of too many questions the last are denied`() {
    var talk = inTurn()
    for number in 0..<64 {
      let effects = talk.hear(ClaudeLines.question("q\(number)"))
      guard case .asks? = effects.first else {
        Issue.record("question \(number) is not asked")
        return
      }
    }
    #expect(
      talk.hear(ClaudeLines.question("q64")).last
        == .denied(requestId: "q64", tool: "Bash", reason: "too many questions are open"))
    #expect(talk.dialogue.answer("q1", .allow) == true)
    _ = talk.effects()
    guard case .asks? = talk.hear(ClaudeLines.question("q65")).first else {
      Issue.record("there is room again")
      return
    }
  }

  @Test func `of questions that are too long together the last are denied`() {
    var talk = inTurn()
    let long = String(repeating: "x", count: 1_000_000)
    for number in 0..<4 { _ = talk.hear(ClaudeLines.question("q\(number)", input: "{\"a\":\"\(long)\"}")) }
    #expect(
      talk.hear(ClaudeLines.question("q4", input: "{\"a\":\"\(long)\"}")).last
        == .denied(requestId: "q4", tool: "Bash", reason: "too many questions are open"))
  }

  @Test func `a question that is repeated is asked once`() {
    var talk = inTurn()
    _ = talk.hear(ClaudeLines.question())
    #expect(talk.hear(ClaudeLines.question()) == [])
  }

  @Test func `a request that is not known is answered by an error`() {
    var talk = inTurn()
    let line = #"{"type":"control_request","request_id":"x-1","request":{"subtype":"hook_callback","callback_id":"h"}}"#
    let answer =
      #"{"type":"control_response","response":{"subtype":"error","request_id":"x-1","error":"ra-spawn does not know this request"}}"#
    #expect(talk.hear(line) == [.line(answer)])
    #expect(
      talk.hear(#"{"type":"control_request","request_id":"x-2"}"#) == [.line(answer.replacing("x-1", with: "x-2"))])
  }

  @Test(arguments: ["7", "\"\(String(repeating: "x", count: 513))\""])
  func `a request whose id is too long, or no text, is answered by an error`(id: String) {
    var talk = inTurn()
    #expect(
      talk.hear(#"{"type":"control_request","request_id":\#(id),"request":{"subtype":"can_use_tool"}}"#) == [
        .line(
          #"{"type":"control_response","response":{"subtype":"error","request_id":\#(id),"error":"ra-spawn does not take such a request_id"}}"#
        )
      ])
  }

  @Test(arguments: [
    #"{"type":"control_request","request_id":"ra-initialize","request":{"subtype":"initialize"}}"#,
    #"{"type":"control_request","request":{"subtype":"can_use_tool"}}"#,
    #"{"type":"control_request","request_id":"\x","request":{"subtype":"can_use_tool"}}"#,
    "{\"type\":\"control_request\",\"request_id\":\"a\u{1}b\",\"request\":{\"subtype\":\"can_use_tool\"}}",
    #"{"type":"control_request","request_id":null,"request":{"subtype":"x"}}"#,
  ])
  func `a request of ours that comes back, or without an id, is let be`(line: String) {
    var talk = inTurn()
    #expect(talk.hear(line) == [])
  }

  // MARK: Only listening

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
