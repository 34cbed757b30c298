import RemoteAgentCore
import Testing

@Suite struct `Talking with claude: questions` {
  @Test func `a denial says why`() {
    var talk = DialogueTalk.claudeInTurn()
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
    #"{ "b" :1.50e3, "a":"\u00e4\/", "B":[1, 2 ],"c":{"d":null}}"#, "{}", #"{"input":{"input":1}}"#,
  ])
  func `what is allowed goes back byte for byte`(input: String) throws {
    var talk = DialogueTalk.claudeInTurn()
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
    var talk = DialogueTalk.claudeInTurn()
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
    var talk = DialogueTalk.claudeInTurn()
    let withdrawal = #"{"type":"control_cancel_request","request_id":"026fce2d"}"#
    #expect(talk.hear(withdrawal) == [])
    _ = talk.hear(ClaudeLines.question())
    #expect(talk.hear(withdrawal) == [.withdrew(requestId: "026fce2d")])
    #expect(talk.dialogue.answer("026fce2d", .allow) == false)
    #expect(talk.hear(withdrawal) == [])
  }

  @Test func `where nobody answers, a question is denied at once`() {
    var talk = DialogueTalk.claudeInTurn(asks: false)
    let effects = talk.hear(ClaudeLines.question())
    #expect(effects.count == 2)
    #expect(effects.first?.written?["response"]?["response"]?["behavior"]?.string == "deny")
    #expect(effects.last == .denied(requestId: "026fce2d", tool: "Bash", reason: "nobody is there who could allow it"))
    #expect(talk.dialogue.answer("026fce2d", .allow) == false)
  }

  @Test(arguments: [131_072, .max])
  func `a question longer than 1 MiB is denied at once`(step: Int) {
    var talk = DialogueTalk.claudeInTurn()
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
    var talk = DialogueTalk.claudeInTurn()
    let effects = talk.hear(ClaudeLines.question(input: input))
    #expect(effects.first?.written?["response"]?["response"]?["behavior"]?.string == "deny")
    #expect(effects.last == .denied(requestId: "026fce2d", tool: "Bash", reason: "the question can't be read"))
  }

  @Test func `of too many questions the last are denied`() {
    var talk = DialogueTalk.claudeInTurn()
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
    var talk = DialogueTalk.claudeInTurn()
    let long = String(repeating: "x", count: 1_000_000)
    for number in 0..<4 { _ = talk.hear(ClaudeLines.question("q\(number)", input: "{\"a\":\"\(long)\"}")) }
    #expect(
      talk.hear(ClaudeLines.question("q4", input: "{\"a\":\"\(long)\"}")).last
        == .denied(requestId: "q4", tool: "Bash", reason: "too many questions are open"))
  }

  @Test func `a question that is repeated is asked once`() {
    var talk = DialogueTalk.claudeInTurn()
    _ = talk.hear(ClaudeLines.question())
    #expect(talk.hear(ClaudeLines.question()) == [])
  }

  @Test func `a request that is not known is answered by an error`() {
    var talk = DialogueTalk.claudeInTurn()
    let line = #"{"type":"control_request","request_id":"x-1","request":{"subtype":"hook_callback","callback_id":"h"}}"#
    let answer =
      #"{"type":"control_response","response":{"subtype":"error","request_id":"x-1","error":"ra-spawn does not know this request"}}"#
    #expect(talk.hear(line) == [.line(answer)])
    #expect(
      talk.hear(#"{"type":"control_request","request_id":"x-2"}"#) == [.line(answer.replacing("x-1", with: "x-2"))])
  }

  @Test(arguments: ["7", "\"\(String(repeating: "x", count: 513))\""])
  func `a request whose id is too long, or no text, is answered by an error`(id: String) {
    var talk = DialogueTalk.claudeInTurn()
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
    var talk = DialogueTalk.claudeInTurn()
    #expect(talk.hear(line) == [])
  }
}
