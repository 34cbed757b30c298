import RemoteAgentCore
import Testing

/// Lines as codex 0.163.0's app-server prints them, shortened.
enum CodexLines {
  static let initialized =
    #"{"id":1,"result":{"userAgent":"remote_agent/0.163.0 (Debian 12.0.0; x86_64)","codexHome":"/root/.codex","platformFamily":"unix","platformOs":"linux"}}"#
  static let warning =
    #"{"method":"configWarning","params":{"summary":"Codex could not find bubblewrap on PATH.","details":null},"emittedAtMs":1795789008929}"#
  static let begun =
    #"{"id":2,"result":{"thread":{"id":"t-1","sessionId":"t-1","parentThreadId":null,"status":{"type":"idle"},"cwd":"/tmp/probe","turns":[]},"model":"fake-model","approvalPolicy":"on-request","sandbox":{"type":"readOnly"}}}"#

  static func taken(_ request: Int = 3, turn: String = "n-1") -> String {
    #"{"id":\#(request),"result":{"turn":{"id":"\#(turn)","rootTurnId":"\#(turn)","items":[],"itemsView":"notLoaded","status":"inProgress","error":null}}}"#
  }

  static func started(turn: String = "n-1", thread: String = "t-1") -> String {
    #"{"method":"turn/started","params":{"threadId":"\#(thread)","turn":{"id":"\#(turn)","items":[],"status":"inProgress","error":null}},"emittedAtMs":1}"#
  }

  static func completed(
    _ status: String = "completed", error: String = "null", turn: String = "n-1", thread: String = "t-1",
    items: String = #"[{"type":"agentMessage","id":"item_fake23","text":"ECHO:hello","status":"failed"}]"#
  ) -> String {
    #"{"method":"turn/completed","params":{"threadId":"\#(thread)","turn":{"id":"\#(turn)","rootTurnId":"\#(turn)","items":\#(items),"itemsView":"summary","status":"\#(status)","error":\#(error),"startedAt":1,"durationMs":54}},"emittedAtMs":1}"#
  }

  static let said =
    #"{"method":"item/completed","params":{"item":{"type":"agentMessage","id":"item_fake23","text":"ECHO:hello","phase":null},"threadId":"t-1","turnId":"n-1","completedAtMs":1},"emittedAtMs":1}"#

  static func error(_ message: String, willRetry: Bool) -> String {
    #"{"method":"error","params":{"error":{"message":"\#(message)","codexErrorInfo":"other"},"willRetry":\#(willRetry),"threadId":"t-1","turnId":"n-1"},"emittedAtMs":1}"#
  }

  static func question(_ id: String = "0", command: String = "/bin/bash -lc 'touch aaa'") -> String {
    #"{"method":"item/commandExecution/requestApproval","id":\#(id),"params":{"kind":"command","threadId":"t-1","turnId":"n-1","itemId":"call_fake26","command":"\#(command)","cwd":"/tmp/probe","availableDecisions":["accept",{"acceptWithExecpolicyAmendment":{"execpolicy_amendment":["touch","aaa"]}},"cancel"]}}"#
  }

  static func resolved(_ id: String = "0") -> String {
    #"{"method":"serverRequest/resolved","params":{"threadId":"t-1","requestId":\#(id)},"emittedAtMs":1}"#
  }
}

@Suite struct `Talking with codex app-server` {
  private static let initialize =
    #"{"id":1,"method":"initialize","params":{"clientInfo":{"name":"remote_agent","title":"remote-agent","version":"1"}}}"#

  private func begun(asks: Bool = true, step: Int = .max) -> DialogueTalk {
    var talk = DialogueTalk(.codexServer, .drives(folder: "/tmp/probe", asks: asks), step: step)
    #expect(talk.started() == [.line(Self.initialize)])
    let policy = asks ? "" : #","approvalPolicy":"never""#
    #expect(
      talk.hear(CodexLines.initialized) == [
        .line(#"{"method":"initialized"}"#),
        .line(#"{"id":2,"method":"thread/start","params":{"cwd":"/tmp/probe"\#(policy)}}"#),
      ])
    #expect(!talk.dialogue.isReady)
    #expect(talk.hear(CodexLines.warning) == [])
    #expect(talk.hear(CodexLines.begun) == [.session("t-1")])
    #expect(talk.dialogue.isReady)
    return talk
  }

  private func inTurn(asks: Bool = true) -> DialogueTalk {
    var talk = begun(asks: asks)
    _ = talk.send("go", "u-1")
    #expect(talk.hear(CodexLines.taken()) == [.took(prompt: "u-1")])
    return talk
  }

  @Test(arguments: [1, 3, 64, .max])
  func `a turn goes from its prompt to its end`(step: Int) throws {
    var talk = begun(step: step)
    #expect(
      talk.send("say \"hi\"", "u-1") == [
        .line(
          #"{"id":3,"method":"turn/start","params":{"threadId":"t-1","clientUserMessageId":"u-1","input":[{"type":"text","text":"say \"hi\""}]}}"#
        )
      ])
    #expect(talk.hear(CodexLines.taken()) == [.took(prompt: "u-1")])
    #expect(talk.hear(CodexLines.started(), CodexLines.said) == [])
    let asked = try #require(try JSON(parsing: CodexLines.question())["params"])
    #expect(
      talk.hear(CodexLines.question()) == [.asks(AgentQuestion(requestId: "0", tool: "command", input: asked))])
    #expect(talk.dialogue.answer("0", .allow) == true)
    #expect(talk.effects() == [.line(#"{"id":0,"result":{"decision":"accept"}}"#)])
    #expect(talk.hear(CodexLines.resolved()) == [])
    #expect(talk.hear(CodexLines.completed()) == [.ended(.ok, detail: nil)])
    #expect(talk.hear(CodexLines.completed()) == [])
    _ = talk.send("more", "u-2")
    #expect(talk.hear(CodexLines.taken(4, turn: "n-2")) == [.took(prompt: "u-2")])
  }

  @Test func `it is broken if it refuses the beginning`() {
    let refusal = #"{"error":{"code":-32600,"message":"Not initialized"},"id":1}"#
    var talk = DialogueTalk(.codexServer, .drives(folder: "/", asks: true))
    _ = talk.started()
    #expect(talk.hear(refusal) == [.broke("Not initialized")])
    talk = DialogueTalk(.codexServer, .drives(folder: "/", asks: true))
    _ = talk.started()
    _ = talk.hear(CodexLines.initialized)
    #expect(talk.hear(#"{"error":{"code":1,"message":"no such folder"},"id":2}"#) == [.broke("no such folder")])
    #expect(!talk.dialogue.isReady)
    talk = DialogueTalk(.codexServer, .drives(folder: "/", asks: true))
    _ = talk.started()
    _ = talk.hear(CodexLines.initialized)
    #expect(talk.hear(#"{"result":{"thread":{}},"id":2}"#) == [.broke("codex began no thread")])
  }

  @Test func `a prompt that it refuses ends without being taken`() {
    var talk = begun()
    _ = talk.send("go", "u-1")
    let refusal = #"{"error":{"code":-32600,"message":"thread not found"},"id":3}"#
    #expect(talk.hear(refusal) == [.ended(.error, detail: "thread not found")])
    #expect(talk.hear(refusal) == [])
    _ = talk.send("again", "u-2")
    #expect(talk.hear(CodexLines.taken(4)) == [.took(prompt: "u-2")])
  }

  @Test(arguments: [
    (CodexLines.completed("failed", error: #"{"message":"fake 400","codexErrorInfo":"other"}"#), "fake 400"),
    (CodexLines.completed("failed"), "failed"), (CodexLines.completed("strange"), "strange"),
  ])
  func `a turn that failed is an error`(line: String, detail: String) {
    var talk = inTurn()
    #expect(talk.hear(line) == [.ended(.error, detail: detail)])
  }

  @Test func `an error that is not tried again is the reason, one that is is none`() {
    var talk = inTurn()
    #expect(talk.hear(CodexLines.error("gone", willRetry: false), CodexLines.error("slow", willRetry: true)) == [])
    #expect(talk.hear(CodexLines.completed("failed")) == [.ended(.error, detail: "gone")])
    talk = inTurn()
    #expect(talk.hear(CodexLines.error("slow", willRetry: true)) == [])
    #expect(talk.hear(CodexLines.completed()) == [.ended(.ok, detail: nil)])
  }

  @Test func `an interrupted turn is incomplete`() {
    var talk = inTurn()
    #expect(talk.dialogue.interrupt() == true)
    #expect(
      talk.effects() == [.line(#"{"id":4,"method":"turn/interrupt","params":{"threadId":"t-1","turnId":"n-1"}}"#)])
    #expect(talk.hear(#"{"id":4,"result":{}}"#) == [])
    #expect(talk.hear(CodexLines.completed("interrupted")) == [.ended(.incomplete, detail: "interrupted")])
    #expect(talk.dialogue.interrupt() == false)
  }

  @Test func `a turn that is interrupted before it has a name is interrupted when it has`() {
    var talk = begun()
    _ = talk.send("go", "u-1")
    #expect(talk.dialogue.interrupt() == true)
    #expect(talk.effects() == [])
    #expect(
      talk.hear(CodexLines.taken()) == [
        .took(prompt: "u-1"),
        .line(#"{"id":4,"method":"turn/interrupt","params":{"threadId":"t-1","turnId":"n-1"}}"#),
      ])
  }

  @Test func `a turn that codex left off is not one interrupted on request`() {
    var talk = inTurn()
    #expect(talk.hear(CodexLines.completed("interrupted")) == [.ended(.incomplete, detail: "codex left off the turn")])
  }

  @Test func `the end of a turn that codex has not named is the prompt's only if it names it so`() {
    var talk = begun()
    _ = talk.send("go", "u-1")
    // One of its own, that began after the prompt was sent.
    #expect(talk.hear(CodexLines.started(turn: "n-0"), CodexLines.completed(turn: "n-0")) == [])
    #expect(talk.hear(CodexLines.taken()) == [.took(prompt: "u-1")])
    #expect(talk.hear(CodexLines.completed("failed")) == [.ended(.error, detail: "failed")])
    _ = talk.send("go", "u-2")
    #expect(talk.hear(CodexLines.completed(turn: "n-2")) == [])
    #expect(talk.hear(CodexLines.taken(4, turn: "n-2")) == [.took(prompt: "u-2"), .ended(.ok, detail: nil)])
  }

  @Test func `of the turns that end before codex names the prompt's, it is still found`() {
    var talk = begun()
    _ = talk.send("go", "u-1")
    // The prompt's, and then one of its own.
    #expect(talk.hear(CodexLines.completed("failed"), CodexLines.completed(turn: "n-0")) == [])
    #expect(talk.hear(CodexLines.taken()) == [.took(prompt: "u-1"), .ended(.error, detail: "failed")])
    _ = talk.send("go", "u-2")
    #expect(talk.hear((1...9).map { CodexLines.completed(turn: "m-\($0)") }) == [])
    #expect(talk.hear(CodexLines.taken(4, turn: "m-8")) == [.took(prompt: "u-2"), .ended(.ok, detail: nil)])
    // No more than eight are kept.
    _ = talk.send("go", "u-3")
    #expect(talk.hear((1...9).map { CodexLines.completed(turn: "m-\($0)") }) == [])
    #expect(talk.hear(CodexLines.taken(5, turn: "m-9")) == [.took(prompt: "u-3")])
  }

  @Test func `turns of other threads, and other turns, are none of ours`() {
    var talk = inTurn()
    #expect(talk.hear(CodexLines.completed(turn: "n-9", thread: "t-9"), CodexLines.completed(turn: "n-9")) == [])
    #expect(talk.hear(CodexLines.started(turn: "n-9", thread: "t-9")) == [])
    #expect(talk.hear(CodexLines.completed()) == [.ended(.ok, detail: nil)])
    #expect(talk.hear(CodexLines.started(turn: "n-9", thread: "t-9")) == [])
    // A turn of ours that we did not begin.
    #expect(talk.hear(CodexLines.started(turn: "n-2")) == [.began])
    #expect(talk.hear(CodexLines.completed("failed", turn: "n-2")) == [.ended(.error, detail: "failed")])
  }

  // MARK: Questions

  private static let params = #""threadId":"t-1","turnId":"n-1","itemId":"i-1","startedAtMs":1"#

  @Test(arguments: [
    ("item/commandExecution/requestApproval", "command", #"{"decision":"accept"}"#, #"{"decision":"decline"}"#),
    ("item/fileChange/requestApproval", "file change", #"{"decision":"accept"}"#, #"{"decision":"decline"}"#),
    (
      "item/permissions/requestApproval", "permissions",
      #"{"permissions":{ "network":{"enabled":true} },"scope":"turn"}"#, #"{"permissions":{},"scope":"turn"}"#
    ),
    ("mcpServer/elicitation/request", "mcp github", #"{"action":"accept","content":{}}"#, #"{"action":"decline"}"#),
    ("execCommandApproval", "command", #"{"decision":"approved"}"#, #"{"decision":{"denied":{"rejection":"no"}}}"#),
    ("applyPatchApproval", "file change", #"{"decision":"approved"}"#, #"{"decision":{"denied":{"rejection":"no"}}}"#),
  ])
  func `each kind of question has its form of answer`(method: String, tool: String, allowed: String, denied: String) {
    for (decision, result) in [(AgentDecision.allow, allowed), (.deny(message: "no"), denied)] {
      var talk = inTurn()
      let params =
        #"{\#(Self.params),"serverName":"github","changes":[],"permissions":{ "network":{"enabled":true} },"mode":"form","requestedSchema":{"type":"object","properties":{}}}"#
      let effects = talk.hear(#"{"id":"q-1","params":\#(params),"method":"\#(method)"}"#)
      guard case .asks(let question)? = effects.first else {
        Issue.record("not asked")
        return
      }
      #expect(question.requestId == "q-1")
      #expect(question.tool == tool)
      #expect(question.input["itemId"]?.string == "i-1")
      #expect(talk.dialogue.answer("q-1", decision) == true)
      #expect(talk.effects() == [.line(#"{"id":"q-1","result":\#(result)}"#)])
      #expect(talk.dialogue.answer("q-1", decision) == false)
    }
  }

  @Test(arguments: [
    #""mode":"url","url":"http://x","elicitationId":"e""#,
    #""mode":"form","requestedSchema":{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}"#,
  ])
  func `what wants more than yes or no is denied at once`(form: String) {
    var talk = inTurn()
    let effects = talk.hear(
      #"{"id":5,"method":"mcpServer/elicitation/request","params":{"threadId":"t-1","serverName":"s","message":"m",\#(form)}}"#
    )
    #expect(
      effects == [
        .line(#"{"id":5,"result":{"action":"decline"}}"#),
        .denied(requestId: "5", tool: "mcp s", reason: "it asks for more than yes or no"),
      ])
  }

  private static func beginning(_ item: String, _ changes: String) -> String {
    #"{"method":"item/started","params":{"item":{"type":"fileChange","id":"\#(item)","changes":\#(changes),"status":"inProgress"},"threadId":"t-1","turnId":"n-1"}}"#
  }

  private static func aboutChanges(_ item: String) -> String {
    #"{"method":"item/fileChange/requestApproval","id":1,"params":{"threadId":"t-1","itemId":"\#(item)"}}"#
  }

  @Test(arguments: [1, 64, .max])
  func `a question about file changes comes with them`(step: Int) throws {
    var talk = inTurn()
    talk.step = step
    let changes = #"[{"path":"a","kind":{"type":"add"},"diff":"+1\n"}]"#
    #expect(talk.hear(Self.beginning("i-1", changes), Self.beginning("i-2", "[]"), CodexLines.said) == [])
    let input: JSON = ["threadId": "t-1", "itemId": "i-1", "changes": try JSON(parsing: changes)]
    #expect(
      talk.hear(Self.aboutChanges("i-1")) == [.asks(AgentQuestion(requestId: "1", tool: "file change", input: input))])
  }

  @Test func `nobody is asked about file changes that are not known`() {
    var talk = inTurn()
    let denial: [AgentDialogue.Effect] = [
      .line(#"{"id":1,"result":{"decision":"decline"}}"#),
      .denied(
        requestId: "1", tool: "file change",
        reason: "the changes it is about are not known, or too large to be shown"),
    ]
    func ask(_ members: String = "") -> [AgentDialogue.Effect] {
      talk.hear(Self.aboutChanges("i-0").replacing("}}", with: "\(members)}}"))
    }
    #expect(ask() == denial)
    // Too many.
    for number in 0...8 { _ = talk.hear(Self.beginning("i-\(number)", "[]")) }
    #expect(ask() == denial)
    // Too long together, and one alone.
    let long = "[\"\(String(repeating: "x", count: 600_000))\"]"
    _ = talk.hear(Self.beginning("i-0", long), Self.beginning("i-1", long))
    #expect(ask() == denial)
    let tooLong = "[\"\(String(repeating: "x", count: 1 << 20))\"]"
    _ = talk.hear(Self.beginning("i-0", tooLong))
    #expect(ask() == denial)
    // Too deep, no list, or said twice.
    let deep = String(repeating: "[", count: 65) + String(repeating: "]", count: 65)
    for changes in [deep, "null", "{}", #"[{"path":"a","path":"b"}]"#, #"[],"changes":[]"#, #"[],"id":"i-1""#] {
      _ = talk.hear(Self.beginning("i-0", changes))
      #expect(ask() == denial, "\(changes)")
    }
    // What the item was before is not what it is now.
    for changes in [tooLong, deep] {
      _ = talk.hear(Self.beginning("i-0", "[]"), Self.beginning("i-0", changes))
      #expect(ask() == denial)
    }
    _ = talk.hear(Self.beginning("i-0", "[]"))
    #expect(ask(#","changes":null"#) == denial)
    _ = talk.hear(CodexLines.completed())
    #expect(ask() == denial, "of the turn before")
  }

  @Test func `a question that codex took back is withdrawn`() {
    var talk = inTurn()
    _ = talk.hear(CodexLines.question(), CodexLines.question("\"a\""))
    #expect(talk.hear(CodexLines.resolved("7")) == [])
    #expect(talk.hear(CodexLines.resolved()) == [.withdrew(requestId: "0")])
    #expect(talk.hear(CodexLines.resolved("\"a\"")) == [.withdrew(requestId: "a")])
    #expect(talk.dialogue.answer("0", .allow) == false)
  }

  @Test func `where nobody answers, a question is denied at once`() {
    var talk = inTurn(asks: false)
    #expect(
      talk.hear(CodexLines.question()) == [
        .line(#"{"id":0,"result":{"decision":"decline"}}"#),
        .denied(requestId: "0", tool: "command", reason: "nobody is there who could allow it"),
      ])
  }

  @Test(arguments: [131_072, .max])
  func `a question longer than 1 MiB is denied at once`(step: Int) {
    var talk = inTurn()
    talk.step = step
    #expect(
      talk.hear(CodexLines.question(command: String(repeating: "x", count: 1 << 20))) == [
        .line(#"{"id":0,"result":{"decision":"decline"}}"#),
        .denied(
          requestId: "0", tool: "command", reason: "the question is longer than 1 MiB, which nobody is asked"),
      ])
  }

  @Test(arguments: ["[]", "null", "1"])
  func `a question without an object is denied at once`(params: String) {
    var talk = inTurn()
    #expect(
      talk.hear(#"{"id":9,"method":"item/fileChange/requestApproval","params":\#(params)}"#) == [
        .line(#"{"id":9,"result":{"decision":"decline"}}"#),
        .denied(requestId: "9", tool: "file change", reason: "the question can't be read"),
      ])
  }

  @Test(arguments: ["item/tool/call", "item/tool/requestUserInput", "attestation/generate", "new/thing"])
  func `a request that is not known is answered by an error`(method: String) {
    var talk = inTurn()
    #expect(
      talk.hear(#"{"method":"\#(method)","id":"x\/1","params":{"threadId":"t-1"}}"#) == [
        .line(#"{"id":"x\/1","error":{"code":-32601,"message":"ra-spawn does not know this request"}}"#)
      ])
  }

  @Test func `a request is answered whatever its id is`() {
    var talk = inTurn()
    for id in ["1.5", "true"] {
      #expect(
        talk.hear(#"{"method":"item/tool/call","id":\#(id),"params":{}}"#) == [
          .line(#"{"id":\#(id),"error":{"code":-32601,"message":"ra-spawn does not know this request"}}"#)
        ])
    }
    for long in ["\"\(String(repeating: "x", count: 513))\"", String(repeating: "7", count: 513)] {
      #expect(
        talk.hear(#"{"method":"item/tool/call","id":\#(long),"params":{}}"#) == [
          .line(#"{"id":\#(long),"error":{"code":-32600,"message":"ra-spawn does not take such an id"}}"#)
        ])
    }
  }

  @Test(arguments: [
    #"{"method":"item/tool/call","id":null,"params":{}}"#, #"{"method":"item/tool/call","id":{},"params":{}}"#,
    #"{"method":"item/tool/call","id":"\x","params":{}}"#,
    #"{"method":"item/tool/call","id":nan,"params":{}}"#, #"{"method":"item/tool/call","id":01,"params":{}}"#,
    #"{"method":"item/permissions/requestApproval","id":9[["params":{"threadId":"t-1"}}"#,
    "{\"method\":\"item/tool/call\",\"id\":\"a\u{1}\",\"params\":{}}",
    #"{"method":7,"id":1}"#,
    #"{"id":77,"result":{}}"#,
    #"{"id":"3","result":{"turn":{"id":"n"}}}"#, #"{"id":3}"#, "{}", "plain", "",
    #"{"method":"turn/completed","params":[]}"#,
    #"{"method":"turn/completed","params":{"turn":{"status":"completed"}}}"#,
    #"{"method":"turn/completed","params":{"threadId":"t-1","turn":{"id":"n-1","status":"completed"}}"#,
    #"{"method":"turn/completed","params":{"threadId":"t-1","turn":{"id":"n-1","status":"completed"}}}}"#,
    #"[{"method":"turn/completed","params":{"threadId":"t-1","turn":{"id":"n-1","status":"completed"}}}]"#,
  ])
  func `what makes no sense is let be`(line: String) {
    var talk = inTurn()
    #expect(talk.hear(line) == [])
  }

  @Test(arguments: [131_072, .max])
  func `an end with an item of 16 MB is read`(step: Int) {
    var talk = inTurn()
    talk.step = step
    let text = String(repeating: "x", count: 16 << 20) + "\\n"
    #expect(
      talk.hear(CodexLines.completed(items: #"[{"type":"agentMessage","text":"\#(text)","status":"failed"}]"#)) == [
        .ended(.ok, detail: nil)
      ])
  }

  @Test func `in raw mode its turns are told`() {
    var talk = DialogueTalk(.codexServer, .listens(prompt: nil, input: nil))
    #expect(talk.started() == [])
    #expect(talk.hear(CodexLines.initialized, CodexLines.begun, CodexLines.taken()) == [])
    #expect(talk.hear(CodexLines.started()) == [.session("t-1"), .began])
    #expect(talk.hear(CodexLines.started(turn: "n-9", thread: "t-9"), CodexLines.question()) == [])
    #expect(talk.hear(CodexLines.completed(turn: "n-9", thread: "t-9")) == [])
    #expect(talk.hear(CodexLines.completed("failed")) == [.ended(.error, detail: "failed")])
  }
}
