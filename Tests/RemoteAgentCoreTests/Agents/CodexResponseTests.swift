import RemoteAgentCore
import Testing

@Suite struct `Codex's responses and ends` {
  private func begun() -> DialogueTalk {
    var talk = DialogueTalk(.codexServer, .drives(folder: "/tmp/probe", asks: true))
    _ = talk.started()
    #expect(talk.hear(CodexLines.initialized, CodexLines.begun).last == .session("t-1"))
    return talk
  }

  @Test(arguments: ["+3", "03", "3.0", "3e0", "-3", "\"3\""])
  func `are to our requests by exactly their numbers`(id: String) {
    var talk = begun()
    _ = talk.send("go", "u-1")
    #expect(talk.hear(CodexLines.taken().replacing(#""id":3,"#, with: #""id":\#(id),"#)) == [])
    #expect(talk.hear(CodexLines.taken()) == [.took(prompt: "u-1")])
  }

  @Test(arguments: [#"{"id":3}"#, #"{"id":3,"result":null}"#, #"{"id":3,"result":null,"error":null}"#])
  func `with neither a result nor an error take no prompt`(line: String) {
    var talk = begun()
    _ = talk.send("go", "u-1")
    #expect(talk.hear(line) == [.ended(.error, detail: "codex answered with neither a result nor an error")])
    _ = talk.send("again", "u-2")
    #expect(talk.hear(CodexLines.taken(4)) == [.took(prompt: "u-2")])
  }

  @Test func `with neither do not begin the talk`() {
    var talk = DialogueTalk(.codexServer, .drives(folder: "/tmp/probe", asks: true))
    _ = talk.started()
    #expect(talk.hear(#"{"id":1}"#) == [.broke("codex answered with neither a result nor an error")])
  }

  @Test func `are not followed by the turn that has ended`() {
    var talk = begun()
    _ = talk.send("go", "u-1")
    #expect(talk.hear(CodexLines.taken(), CodexLines.started()) == [.took(prompt: "u-1")])
    #expect(talk.hear(CodexLines.completed()) == [.ended(.ok, detail: nil)])
    #expect(talk.hear(CodexLines.started()) == [])
    // Its end comes before its name.
    _ = talk.send("go", "u-2")
    #expect(talk.hear(CodexLines.completed(turn: "n-2")) == [])
    #expect(talk.hear(CodexLines.taken(4, turn: "n-2")) == [.took(prompt: "u-2"), .ended(.ok, detail: nil)])
    #expect(talk.hear(CodexLines.started(turn: "n-2")) == [])
    #expect(talk.hear(CodexLines.started(turn: "n-3")) == [.began])
  }

  @Test(arguments: [
    #""status":"completed","status":"failed""#, #""status":"completed","stat\u0075s":"completed""#,
  ])
  func `that say two things are errors`(status: String) {
    var talk = begun()
    _ = talk.send("go", "u-1")
    _ = talk.hear(CodexLines.taken())
    #expect(
      talk.hear(CodexLines.completed().replacing(#""status":"completed""#, with: status)) == [
        .ended(.error, detail: "its result does not say whether it failed")
      ])
  }
}
