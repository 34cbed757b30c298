import RemoteAgentCore
import Testing

/// Lines as gemini-cli's documentation and source have them.
enum GeminiLines {
  static let initialization =
    #"{"type":"init","timestamp":"2026-11-27T14:00:00.000Z","session_id":"a1b2c3d4-e5f6","model":"gemini-2.5-pro"}"#
  static let prompt =
    #"{"type":"message","timestamp":"2026-11-27T14:00:00.000Z","role":"user","content":"fix it"}"#
  static let use =
    #"{"type":"tool_use","timestamp":"2026-11-27T14:00:00.000Z","tool_name":"run_shell_command","tool_id":"run-1","parameters":{"command":"ls\n-l"}}"#
  static let gave =
    #"{"type":"tool_result","timestamp":"2026-11-27T14:00:00.000Z","tool_id":"run-1","status":"success","output":"a\nb"}"#
  static let success =
    #"{"type":"result","timestamp":"2026-11-27T14:00:00.000Z","status":"success","stats":{"total_tokens":15,"input_tokens":12,"output_tokens":3,"duration_ms":900,"tool_calls":1}}"#

  static func part(_ text: String) -> String {
    #"{"type":"message","timestamp":"2026-11-27T14:00:00.000Z","role":"assistant","content":"\#(text)","delta":true}"#
  }

  static func error(_ message: String, severity: String = "error") -> String {
    #"{"type":"error","timestamp":"2026-11-27T14:00:00.000Z","severity":"\#(severity)","message":"\#(message)"}"#
  }

  static func failure(_ error: String = #","error":{"type":"FatalTurnLimitedError","message":"too many turns"}"#)
    -> String
  {
    #"{"type":"result","timestamp":"2026-11-27T14:00:00.000Z","status":"error"\#(error)}"#
  }
}

/// Lines as codex 0.163.0 prints them.
enum ExecLines {
  static let begun = #"{"type":"thread.started","thread_id":"01a21d72-bc5d"}"#
  static let warning = #"{"type":"item.completed","item":{"id":"item_0","type":"error","message":"Model metadata"}}"#
  static let started = #"{"type":"turn.started"}"#
  static let said = #"{"type":"item.completed","item":{"id":"item_1","type":"agent_message","text":"ECHO:hi"}}"#
  static let completed =
    #"{"type":"turn.completed","usage":{"input_tokens":11,"cached_input_tokens":0,"output_tokens":7,"reasoning_output_tokens":0}}"#
  static func error(_ message: String) -> String { #"{"type":"error","message":"\#(message)"}"# }
  static func failed(_ message: String) -> String { #"{"type":"turn.failed","error":{"message":"\#(message)"}}"# }
}

@Suite struct `Listening to codex exec` {
  private func begun(step: Int = .max) -> DialogueTalk {
    var talk = DialogueTalk(.codexExec, .listens(prompt: "p-1", input: "hi\n"), step: step)
    #expect(talk.started() == [.write(Array("hi\n".utf8)), .endInput])
    return talk
  }

  @Test(arguments: [1, 7, .max])
  func `a turn goes from its prompt to its end`(step: Int) {
    var talk = begun(step: step)
    #expect(talk.hear(ExecLines.begun, ExecLines.warning) == [.session("01a21d72-bc5d")])
    #expect(talk.hear(ExecLines.started) == [.took(prompt: "p-1")])
    #expect(talk.hear(ExecLines.said) == [])
    #expect(talk.hear(ExecLines.completed) == [.ended(.ok, detail: nil)])
    #expect(talk.hear(ExecLines.completed) == [])
  }

  @Test func `a turn that failed is an error`() {
    var talk = begun()
    #expect(talk.hear(ExecLines.started, ExecLines.error("why")) == [.took(prompt: "p-1")])
    #expect(talk.hear(ExecLines.failed("fake 400")) == [.ended(.error, detail: "fake 400")])
    talk = begun()
    #expect(
      talk.hear(ExecLines.error("why"), #"{"type":"turn.failed"}"#) == [
        .took(prompt: "p-1"), .ended(.error, detail: "why"),
      ])
  }

  @Test func `an error that was overcome is none, one before a failing exit is its reason`() throws {
    var talk = begun()
    _ = talk.hear(ExecLines.started, ExecLines.error("Reconnecting... 1/5"))
    let failing = try #require(talk.dialogue.meaning(ofExit: 1))
    #expect(failing == (.error, detail: "Reconnecting... 1/5"))
    #expect(talk.dialogue.meaning(ofExit: 0) == nil)
    #expect(talk.hear(ExecLines.completed) == [.ended(.ok, detail: nil)])
    #expect(talk.dialogue.meaning(ofExit: 1) == nil)
  }

  @Test func `an error after the end is no less one`() {
    var talk = begun()
    #expect(talk.hear(ExecLines.completed) == [.took(prompt: "p-1"), .ended(.ok, detail: nil)])
    #expect(talk.hear(ExecLines.failed("no")) == [.began, .ended(.error, detail: "no")])
    #expect(talk.hear(ExecLines.completed) == [])
  }

  @Test func `an end that may be two is an error`() {
    var talk = begun()
    #expect(
      talk.hear(#"{"type":"turn.completed","type":"turn.failed"}"#) == [
        .took(prompt: "p-1"), .ended(.error, detail: "its result does not say whether it failed"),
      ])
  }

  @Test func `in raw mode its turn is told`() {
    var talk = DialogueTalk(.codexExec, .listens(prompt: nil, input: nil))
    #expect(talk.started() == [])
    #expect(talk.hear(ExecLines.begun, ExecLines.started) == [.session("01a21d72-bc5d"), .began])
    #expect(talk.hear(ExecLines.completed) == [.ended(.ok, detail: nil)])
  }

  @Test func `it takes nothing but its prompt`() {
    var talk = begun()
    #expect(talk.send("more", "u-2") == [])
    #expect(talk.dialogue.interrupt() == false)
    #expect(talk.dialogue.answer("x", .allow) == false)
    #expect(talk.dialogue.isReady)
  }
}

@Suite struct `Listening to gemini` {
  private func begun(step: Int = .max) -> DialogueTalk {
    var talk = DialogueTalk(.gemini, .listens(prompt: "p-1", input: nil), step: step)
    #expect(talk.started() == [])
    return talk
  }

  @Test(arguments: [1, 7, .max])
  func `a turn goes from its beginning to its result`(step: Int) {
    var talk = begun(step: step)
    #expect(talk.hear(GeminiLines.initialization) == [.session("a1b2c3d4-e5f6"), .took(prompt: "p-1")])
    #expect(talk.hear(GeminiLines.prompt, GeminiLines.part("x"), GeminiLines.use, GeminiLines.gave) == [])
    #expect(talk.hear(GeminiLines.success) == [.ended(.ok, detail: nil)])
    #expect(talk.hear(GeminiLines.success) == [])
  }

  @Test(arguments: [
    ([GeminiLines.failure()], "too many turns"),
    ([GeminiLines.error("gone"), GeminiLines.failure("")], "gone"),
    ([GeminiLines.error("gone"), GeminiLines.error("slow", severity: "warning"), GeminiLines.failure("")], "gone"),
    ([GeminiLines.failure(#","error":{"type":"FatalError"}"#)], "FatalError"), ([GeminiLines.failure("")], "error"),
    ([#"{"type":"result"}"#], nil),
  ])
  func `a result that is no success is an error`(lines: [String], detail: String?) {
    var talk = begun()
    _ = talk.hear(GeminiLines.initialization)
    #expect(talk.hear(lines) == [.ended(.error, detail: detail)])
  }

  @Test func `an error after the end is no less one`() {
    var talk = begun()
    #expect(talk.hear(GeminiLines.success) == [.took(prompt: "p-1"), .ended(.ok, detail: nil)])
    #expect(talk.hear(GeminiLines.failure()) == [.began, .ended(.error, detail: "too many turns")])
    #expect(talk.hear(GeminiLines.success) == [])
  }

  @Test func `a result that may be two is an error`() {
    var talk = begun()
    _ = talk.hear(GeminiLines.initialization)
    #expect(
      talk.hear(#"{"type":"result","status":"success","status":"error"}"#) == [
        .ended(.error, detail: "its result does not say whether it failed")
      ])
  }

  @Test func `a result without a beginning is one`() {
    var talk = begun()
    #expect(talk.hear(GeminiLines.failure()) == [.took(prompt: "p-1"), .ended(.error, detail: "too many turns")])
  }

  @Test func `in raw mode its turn is told`() {
    var talk = DialogueTalk(.gemini, .listens(prompt: nil, input: "hi"))
    #expect(talk.started() == [.write(Array("hi".utf8)), .endInput])
    #expect(talk.hear(GeminiLines.initialization) == [.session("a1b2c3d4-e5f6"), .began])
    #expect(talk.hear(GeminiLines.success) == [.ended(.ok, detail: nil)])
  }

  @Test func `its exit statuses have a meaning of their own`() throws {
    let input = try #require(AgentDialogue.meaning(ofExit: 42, .gemini))
    #expect(input.0 == .error)
    #expect(input.detail.contains("42"))
    let limit = try #require(AgentDialogue.meaning(ofExit: 53, .gemini))
    #expect(limit.0 == .error)
    #expect(limit.detail.contains("limit of turns"))
    for code: Int32 in [41, 44, 52, 54] {
      #expect(AgentDialogue.meaning(ofExit: code, .gemini)?.detail.contains("\(code)") == true)
    }
    #expect(AgentDialogue.meaning(ofExit: 1, .gemini) == nil)
    #expect(AgentDialogue.meaning(ofExit: 42, .claude) == nil)
    var talk = begun()
    #expect(talk.dialogue.meaning(ofExit: 53)?.detail == limit.detail)
    _ = talk.hear(GeminiLines.error("gone"))
    #expect(talk.dialogue.meaning(ofExit: 1)?.detail == "gone")
  }
}
