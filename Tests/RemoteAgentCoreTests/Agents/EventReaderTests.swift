import RemoteAgentCore
import Testing

@Suite struct `Events of an unknown agent` {
  private static let message = #"{"session_id":"s","type":"assistant","message":{"content":"hi"}}"#

  private func read(_ lines: [String]) -> [EventReader.Reading] {
    var reader = EventReader()
    return lines.map { line in Array(line.utf8).withUnsafeBytes { reader.read($0, .whole) } }
  }

  @Test(arguments: [
    (message, "hi\n"),
    (#"{"type":"system","subtype":"init","session_id":"s"}"#, ""),
    (#"{"type":"result","subtype":"success","is_error":false,"result":"r","session_id":"s"}"#, "r\n[done]\n"),
    (#"{"type":"thread.started","thread_id":"t"}"#, ""),
    (CodexLines.initialized, ""), (CodexLines.said, "ECHO:hello\n"), (CodexLines.started(), ""),
    (#"{"method":"thread/started","params":{"thread":{"id":"t-1","cliVersion":"0.163.0"}},"emittedAtMs":1}"#, ""),
    (GeminiLines.initialization, ""),
  ])
  func `are seen by what only an agent prints`(line: String, text: String) {
    #expect(read([line]) == [.event(text)])
  }

  @Test(arguments: [
    "{}", #"{"type":"result","ok":true}"#, #"{"type":"user","name":"ada"}"#, #"{"type":"error","message":"full"}"#,
    #"{"type":"assistant","message":{"content":"hi"}}"#, #"{"type":"assistant","session_id":"s","message":"hi"}"#,
    #"{"type":"system","session_id":"s"}"#, #"{"type":"result","session_id":"s","subtype":"x"}"#,
    #"{"type":"turn.started"}"#, #"{"type":"item.completed","item":{"type":"agent_message","text":"x"}}"#,
    #"{"type":"thread.started"}"#, #"{"type":"login","session_id":"s"}"#, "[1]", "plain", "",
    #"{"type":"assistant","session_id":"s","message":{"content":"hi"}"#,
    #"{"jsonrpc":"2.0","id":1,"result":{"capabilities":{}}}"#, #"{"id":1,"result":{"userAgent":"x"}}"#,
    #"{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{}}}"#,
    #"{"method":"item/completed","params":{"item":{"type":"agentMessage","text":"x"}}}"#,
    #"{"method":"error","params":{"threadId":"t"}}"#, #"{"type":"init","session_id":"s"}"#,
    #"{"type":"init","model":"m"}"#,
    #"{"type":"message","role":"assistant","content":"hi","timestamp":"t"}"#, #"{"type":"tool_use","tool_name":"t"}"#,
  ])
  func `are not what a program prints`(line: String) {
    #expect(read([line]) == [.plain(held: [])])
  }

  @Test func `once one was seen, the others need no mark`() {
    let others = [#"{"type":"assistant","message":{"content":"more"}}"#, #"{"a":1}"#, "plain"]
    #expect(read([Self.message] + others) == [.event("hi\n"), .event("more\n"), .plain(held: []), .plain(held: [])])
    let codex = [#"{"type":"thread.started","thread_id":"t"}"#, #"{"type":"error","message":"full"}"#]
    #expect(read(codex) == [.event(""), .event("[error: full]\n")])
  }

  @Test(arguments: [1, 7, 131_072])
  func `come in pieces of any length`(step: Int) {
    let line = Array(Self.message.utf8)
    var reader = EventReader()
    var readings: [EventReader.Reading] = []
    for start in stride(from: 0, to: line.count, by: step) {
      let end = min(start + step, line.count)
      let place = LinePiece(startsLine: start == 0, endsLine: end == line.count, terminated: end == line.count)
      readings.append(line[start..<end].withUnsafeBytes { reader.read($0, place) })
    }
    #expect(readings.dropLast().allSatisfy { $0 == .held })
    #expect(readings.last == .event("hi\n"))
    #expect(reader.finish() == [])
  }

  @Test func `a known agent's need no mark, whichever of its dialects it speaks`() {
    let exec = #"{"type":"item.completed","item":{"type":"agent_message","text":"hi"}}"#
    let server = #"{"method":"item/completed","params":{"item":{"type":"agentMessage","text":"hi"}}}"#
    for (own, other) in [(exec, server), (server, exec)] {
      var reader = EventReader(profile: AgentProfiles.builtIn[agent: "codex"])
      let readings = [#"{"a":1}"#, own, other, own].map { line in
        Array(line.utf8).withUnsafeBytes { reader.read($0, .whole) }
      }
      #expect(readings == [.plain(held: []), .event("hi\n"), .plain(held: []), .event("hi\n")])
    }
    var reader = EventReader(dialect: .codexServer)
    let reading = Array(exec.utf8).withUnsafeBytes { reader.read($0, .whole) }
    #expect(reading == .plain(held: []))
  }

  @Test func `the end of what gemini said is shown when there is no more`() {
    var reader = EventReader(dialect: .gemini)
    func read(_ line: String, _ place: LinePiece) -> EventReader.Reading {
      Array(line.utf8).withUnsafeBytes { reader.read($0, place) }
    }
    #expect(read(GeminiLines.part("Hel"), .whole) == .event(""))
    #expect(read(#"{"a""#, LinePiece(startsLine: true, endsLine: false, terminated: false)) == .held)
    #expect(reader.finish() == [.plain(held: Array(#"{"a""#.utf8)), .event("Hel\n")])
    #expect(reader.finish() == [])
  }

  @Test func `a long line of JSON that is nobody's is shown, an agent's is not`() {
    let half = [UInt8(ascii: "{")] + [UInt8](repeating: UInt8(ascii: "x"), count: EventReader.longestEvent / 2)
    let (first, next) = (
      LinePiece(startsLine: true, endsLine: false, terminated: false),
      LinePiece(startsLine: false, endsLine: false, terminated: false)
    )
    var reader = EventReader()
    #expect(half.withUnsafeBytes { reader.read($0, first) } == .held)
    #expect(half.withUnsafeBytes { reader.read($0, next) } == .plain(held: half))
    #expect(half.withUnsafeBytes { reader.read($0, next) } == .plain(held: []))
    #expect(reader.finish() == [])
    reader = EventReader(profile: AgentProfiles.builtIn[agent: "claude"])
    #expect(half.withUnsafeBytes { reader.read($0, first) } == .held)
    #expect(half.withUnsafeBytes { reader.read($0, next) } == .held)
    #expect(reader.finish() == [.tooLong(2 * half.count)])
    #expect(reader.finish() == [])
  }

  @Test func `a line that turns out to be none is given back`() {
    var reader = EventReader()
    let pieces = ["{\"a\"", ":1", "}"].map { Array($0.utf8) }
    let places = [(true, false), (false, false), (false, true)].map {
      LinePiece(startsLine: $0.0, endsLine: $0.1, terminated: $0.1)
    }
    let readings = zip(pieces, places).map { piece, place in piece.withUnsafeBytes { reader.read($0, place) } }
    #expect(readings == [.held, .held, .plain(held: Array("{\"a\":1".utf8))])
  }
}
