import RemoteAgentCore
import RemoteAgentHub
import Testing

/// An agent's events in the log as text.
@Suite struct LogEventTests {
  private static let starting = #"{"state":"starting","agent":"claude","mode":"session","cwd":"/w"}"#
  private static let prompt = #"{"type":"user","isReplay":true,"session_id":"s","message":{"content":"fix it"}}"#
  private static let answer = #"{"type":"assistant","session_id":"s","message":{"content":"one\ntwo"}}"#

  /// What is shown after each payload, without times.
  private func shown(_ payloads: [String], terminal: Bool = false) -> [[String]] {
    var text = LogText(isTerminal: terminal)
    var shown: [[String]] = []
    for payload in payloads + [""] {
      var output: [UInt8] = []
      let type = payload.contains("\"state\":") ? "status" : "log"
      if payload.isEmpty {
        text.finish(to: &output)
      } else {
        text.append(Array("{\"type\":\"\(type)\",\"seq\":1,\"ts\":0,\"payload\":\(payload)}".utf8), to: &output)
      }
      let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
      shown.append(lines.map { String($0.dropFirst("00:00:00".count)) })
    }
    return shown
  }

  private static func json(_ event: String, _ stream: String = "stdout") -> String {
    #"{"stream":"\#(stream)","json":\#(event)}"#
  }

  private static func piece(_ text: some StringProtocol, ends: Bool = false, _ stream: String = "stdout") -> String {
    var escaped: [UInt8] = []
    Array(text.utf8).withUnsafeBytes { JSONString.appendEscaped($0, to: &escaped) }
    return
      #"{"stream":"\#(stream)","text":"\#(String(decoding: escaped, as: UTF8.self))"\#(ends ? "" : ",\"eol\":false")}"#
  }

  @Test func `prompts, answers and results read as ra-run shows them, each line with its mark`() {
    let payloads = [
      Self.starting, Self.json(Self.prompt), Self.json(Self.answer),
      Self.json(#"{"type":"result","is_error":false,"num_turns":2}"#),
      Self.json(#"{"type":"system","subtype":"init"}"#), #"{"stream":"stdout","text":"no event"}"#,
    ]
    #expect(
      shown(payloads) == [
        [" -- starting claude in /w, to be prompted"], ["   > fix it"], ["   one", "   two"], ["   [done: 2 turns]"],
        [],
        ["   no event"], [],
      ])
  }

  @Test func `events that were piped into ra-tunnel are seen too, on standard error none are`() {
    let lines = shown([Self.json(Self.answer, "stdin"), Self.json(Self.answer, "stderr")])
    #expect(lines == [[" > one", " > two"], [" ! " + Self.answer], []])
  }

  @Test func `a program that prints JSON is shown with its JSON`() {
    let event = #"{"type":"result","is_error":false}"#
    #expect(shown([Self.json(event)]) == [["   " + event], []])
    let starting = #"{"state":"starting","agent":"jq","argv":["jq","."]}"#
    #expect(shown([starting, Self.json(event)])[1] == ["   " + event])
  }

  @Test func `an event in pieces is one when its last has come, and what comes between is shown before`() {
    let text = String(repeating: "x", count: 300_000)
    let event = #"{"type":"assistant","session_id":"s","message":{"content":"\#(text)"}}"#
    let payloads = [
      Self.piece(event.prefix(131_072)), #"{"stream":"stderr","text":"between"}"#,
      Self.piece(event.dropFirst(131_072).prefix(131_072)), Self.piece(event.dropFirst(262_144), ends: true),
    ]
    #expect(shown(payloads) == [[], [" ! between"], [], ["   " + text], []])
  }

  @Test func `of an agent's line beyond the bound only the size is told, of a program's all is shown`() {
    let half = "{" + String(repeating: "x", count: EventReader.longestEvent / 2)
    let payloads = [Self.piece(half), Self.piece(half), Self.piece("y", ends: true), Self.piece("after", ends: true)]
    #expect(
      shown([Self.starting] + payloads).dropFirst() == [[], [], ["   [a line of 1048579 bytes]"], ["   after"], []])
    let lines = shown(payloads)
    #expect(lines[0] == [])
    // The rest of the line has no time before it.
    #expect(lines[1] == ["   " + half + half] && lines[2] == [""] && lines[3] == ["   after"])
  }

  @Test(arguments: [#"{"state":"exited","code":0}"#, #"{"state":"gap","from":1,"to":2}"#, ""])
  func `a line that never ends is shown when its stream has ended`(end: String) {
    for (text, line) in [(Self.answer, ["   one", "   two"]), ("{\"cut", ["   {\"cut"])] {
      let lines = shown([Self.piece(text), end].filter { !$0.isEmpty })
      #expect(lines[0] == [])
      #expect(lines[1].prefix(line.count) == line[...])
    }
  }

  @Test func `what an event says can't steer anything, nor look like another line`() {
    let event = #"{"type":"assistant","session_id":"s","message":{"content":"\u001b[2J\r00:00:00 ! x\u2028"}}"#
    for terminal in [true, false] {
      #expect(shown([Self.json(event)], terminal: terminal)[0] == [#"   \u001b[2J\u000d00:00:00 ! x\u2028"#])
    }
  }
}
