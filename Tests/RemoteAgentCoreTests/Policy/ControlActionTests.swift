import RemoteAgentCore
import Testing

@Suite struct `Control action` {
  private func reason(_ payload: String) throws -> String? {
    let json = try JSON(parsing: payload)
    do throws(ControlRefusal) {
      _ = try ControlAction(json)
      return nil
    } catch {
      return error.reason
    }
  }

  @Test(arguments: [
    (#"{"action":"stop"}"#, ControlAction.stop(graceMs: nil)),
    (#"{"action":"stop","graceMs":null}"#, .stop(graceMs: nil)),
    (#"{"action":"stop","graceMs":0}"#, .stop(graceMs: 0)),
    (#"{"action":"stop","graceMs":3600000}"#, .stop(graceMs: 3_600_000)),
    (#"{"action":"prompt","text":"a\nb"}"#, .prompt("a\nb")), (#"{"action":"signal","name":"INT"}"#, .signal(.int)),
    (#"{"action":"input","text":"ä"}"#, .input([0xC3, 0xA4])), (#"{"action":"input","b64":"AA=="}"#, .input([0])),
    (#"{"action":"input","text":""}"#, .input([])),
    (#"{"action":"resize","cols":1,"rows":65535}"#, .resize),
    (#"{"action":"approve","requestId":"r","decision":"allow"}"#, .approve(.init(requestId: "r", isAllowed: true))),
    (
      #"{"action":"approve","requestId":"r","decision":"deny","message":"m"}"#,
      .approve(.init(requestId: "r", isAllowed: false, message: "m"))
    ),
    (#"{"action":"start"}"#, .start(.init())),
    (#"{"action":"start","agent":null,"args":[],"cwd":null,"prompt":null,"sessionId":null}"#, .start(.init())),
    (
      #"{"action":"start","agent":"a","args":["","-x"],"cwd":"/w","prompt":"p"}"#,
      .start(.init(agent: "a", arguments: ["", "-x"], folder: "/w", prompt: "p"))
    ),
    (
      #"{"action":"start","sessionId":"s.1:a_B-2","title":"t\n"}"#, .start(.init(session: "s.1:a_B-2", title: "t\n"))
    ),
  ])
  func `what is well formed is read`(payload: String, action: ControlAction) throws {
    let json = try JSON(parsing: payload)
    let read = try ControlAction(json)
    #expect(read == action)
  }

  @Test(arguments: [
    ("[]", "no action is given"), ("{}", "no action is given"), (#"{"action":null}"#, "no action is given"),
    (#"{"action":"dance"}"#, "there is no such action"), (#"{"action":"Stop"}"#, "there is no such action"),
    (#"{"action":"stop","graceMs":3600001}"#, "graceMs must be a whole number from 0 to 3600000"),
    (#"{"action":"stop","graceMs":"5"}"#, "graceMs must be a whole number from 0 to 3600000"),
    (#"{"action":"prompt"}"#, "text must be a text that is not empty"),
    (#"{"action":"prompt","text":""}"#, "text must be a text that is not empty"),
    (#"{"action":"prompt","text":["x"]}"#, "text must be a text that is not empty"),
    (#"{"action":"signal"}"#, "name must be a text that is not empty"),
    (#"{"action":"signal","name":2}"#, "name must be a text that is not empty"),
    (#"{"action":"signal","name":"0"}"#, "there is no signal of that name"),
    (#"{"action":"signal","name":"2"}"#, "there is no signal of that name"),
    (#"{"action":"signal","name":"int"}"#, "there is no signal of that name"),
    (#"{"action":"signal","name":"SIGINT"}"#, "there is no signal of that name"),
    (#"{"action":"input"}"#, "input needs a text, or b64 in base64"),
    (#"{"action":"input","text":1}"#, "input needs a text, or b64 in base64"),
    (#"{"action":"input","b64":"?"}"#, "input needs a text, or b64 in base64"),
    (#"{"action":"input","text":"x","b64":"AA=="}"#, "input needs a text, or b64 in base64"),
    (#"{"action":"resize","cols":0,"rows":1}"#, "cols must be a whole number from 1 to 65535"),
    (#"{"action":"resize","cols":1,"rows":65536}"#, "rows must be a whole number from 1 to 65535"),
    (#"{"action":"approve","requestId":"r"}"#, "decision must be a text that is not empty"),
    (#"{"action":"approve","decision":"allow"}"#, "requestId must be a text that is not empty"),
    (#"{"action":"approve","requestId":"r","decision":"yes"}"#, "decision must be allow or deny"),
    (
      #"{"action":"approve","requestId":"r","decision":"deny","message":1}"#,
      "message must be a text that is not empty"
    ),
    (#"{"action":"start","sessionId":7}"#, "sessionId must be a text that is not empty"),
    (#"{"action":"start","sessionId":"-s"}"#, "sessionId must be a session's name"),
    (#"{"action":"start","title":"a\u0000"}"#, "title must be a text without NUL, of at most 1024 bytes"),
    (
      #"{"action":"start","title":"\#(String(repeating: "x", count: 1025))"}"#,
      "title must be a text without NUL, of at most 1024 bytes"
    ),
    (#"{"action":"start","agent":""}"#, "agent must be a text that is not empty"),
    (#"{"action":"start","args":{}}"#, "args must be a list of texts without NUL"),
    (#"{"action":"start","args":["a",1]}"#, "args must be a list of texts without NUL"),
    (#"{"action":"start","args":["a\u0000b"]}"#, "args must be a list of texts without NUL"),
    (#"{"action":"start","cwd":"work"}"#, "cwd must be an absolute path"),
    (#"{"action":"start","cwd":"~/work"}"#, "cwd must be an absolute path"),
    (#"{"action":"start","cwd":"/work\u0000/x"}"#, "cwd must be an absolute path"),
    (#"{"action":"start","cwd":7}"#, "cwd must be a text that is not empty"),
  ])
  func `what is malformed is refused with what is wrong`(payload: String, reason: String) throws {
    let found = try self.reason(payload)
    #expect(found == reason)
  }

  @Test func `nothing of what was sent is repeated`() throws {
    let long = String(repeating: "x", count: 1 << 20)
    for payload in [
      #"{"action":"\#(long)"}"#, #"{"action":"signal","name":"\#(long)"}"#, #"{"action":"start","cwd":"\#(long)"}"#,
    ] {
      let found = try reason(payload)
      #expect((found?.utf8.count ?? 0) < 100)
    }
  }
}
