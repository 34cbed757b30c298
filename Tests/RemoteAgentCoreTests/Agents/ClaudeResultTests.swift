import RemoteAgentCore
import Testing

@Suite struct `Claude's results` {
  private static let unclear = "its result does not say whether it failed"

  @Test(arguments: [
    "", #""is_error":trueX,"#, #""is_error":"true","#, #""is_error":"false","#, #""is_error":null,"#, #""is_error":0,"#,
    #""is_error":{},"#, #""is_error":False,"#, #""is_error":false,"is_error":true,"#,
    #""is_error":false,"is_error":false,"#,
    #""is_error":false,"\u0069s_error":true,"#, #""is_error":true,"is_error":false,"#,
    #""is_error":false,"subtype":"error_max_turns","#,
  ])
  func `that do not say once that all went well are errors`(member: String) {
    let result = #"{\#(member)"subtype":"success","result":"DONE","type":"result","user_message_uuid":"u-1"}"#
    var talk = DialogueTalk.claudeInTurn()
    #expect(talk.hear(result) == [.ended(.error, detail: Self.unclear)])
    for prompt in ["p-1", nil] {
      talk = DialogueTalk(.claude, .listens(prompt: prompt, input: nil))
      #expect(talk.hear(result).last == .ended(.error, detail: Self.unclear))
    }
  }

  @Test func `that do not say it tell what went wrong, if they have that`() {
    var talk = DialogueTalk.claudeInTurn()
    #expect(
      talk.hear(#"{"type":"result","subtype":"x","errors":["no model"]}"#) == [.ended(.error, detail: "no model")])
  }

  @Test func `that name another prompt are none of this one's`() {
    var talk = DialogueTalk.claudeInTurn()
    #expect(talk.hear(ClaudeLines.result(prompt: "u-0")) == [])
    #expect(talk.hear(ClaudeLines.result(isError: true, prompt: "u-0")) == [])
    #expect(talk.hear(ClaudeLines.result(isError: true, text: "full")) == [.ended(.error, detail: "full")])
  }

  @Test(arguments: [1, .max])
  func `of prompts that were merged into one turn are each one's`(step: Int) {
    for list in [#"["u-0","u-1"]"#, #"["u-1","u-0"]"#] {
      var talk = DialogueTalk.claudeInTurn()
      talk.step = step
      let result = ClaudeLines.result(prompt: "u-0").replacing(#"["u-0"]"#, with: list)
      #expect(talk.hear(result) == [.ended(.ok, detail: nil)])
    }
  }

  @Test func `that name nobody are not the good end of a prompt that it has not named, where it named others`() {
    var talk = DialogueTalk.claudeInTurn()
    #expect(talk.hear(ClaudeLines.result()) == [.ended(.ok, detail: nil)])
    #expect(talk.hear(ClaudeLines.result(prompt: nil)) == [])
    _ = talk.send("more", "u-2")
    #expect(talk.hear(ClaudeLines.result(prompt: nil)) == [])
    #expect(talk.hear(ClaudeLines.lifecycle("queued", of: "u-2")) == [.took(prompt: "u-2")])
    #expect(talk.hear(ClaudeLines.result(prompt: nil)) == [.ended(.ok, detail: nil)])
    _ = talk.send("more", "u-3")
    // It fails as a whole.
    #expect(
      talk.hear(ClaudeLines.result(isError: true, text: "full", prompt: nil)) == [
        .took(prompt: "u-3"), .ended(.error, detail: "full"),
      ])
  }

  @Test func `are awaited of no turn that began before the talk`() {
    var talk = DialogueTalk(.claude, .drives(folder: "/tmp/probe", asks: true))
    _ = talk.started()
    #expect(talk.hear(ClaudeLines.initialization) == [.session("6492c2c6")])
    #expect(talk.hear(ClaudeLines.initialized) == [])
    _ = talk.send("go", "u-1")
    #expect(talk.hear(ClaudeLines.lifecycle("queued")) == [.took(prompt: "u-1")])
  }

  /// Who shows it cuts it, when secrets are hidden in it.
  @Test func `give their reasons with all of a secret that begins at their beginning`() {
    let secret = "correct horse battery staple"
    let reason = String(repeating: "\u{430}", count: 82) + " " + secret
    let escaped = String(repeating: #"\u0430"#, count: 82) + " " + secret
    var talk = DialogueTalk.claudeInTurn()
    #expect(talk.hear(ClaudeLines.result(isError: true, text: escaped)) == [.ended(.error, detail: reason)])
    let long = String(repeating: "word ", count: 3000)
    talk = DialogueTalk.claudeInTurn()
    #expect(talk.hear(ClaudeLines.result(isError: true, text: long)) == [.ended(.error, detail: long)])
  }
}
