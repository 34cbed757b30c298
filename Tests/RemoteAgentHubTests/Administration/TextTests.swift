import Glibc
import RemoteAgentCore
import RemoteAgentHub
import Testing

@Suite struct TextTests {
  private func terminal(_ bytes: [UInt8], keepsLines: Bool = false) -> String {
    var output: [UInt8] = []
    TerminalText.append(bytes, keepsLines: keepsLines, to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  @Test(arguments: [
    ("plain\ttext", "plain\ttext"), ("Käse 日本 👩‍🚀", "Käse 日本 👩‍🚀"), ("\u{1B}[2J", "\\u001b[2J"),
    ("a\rb\nc\u{0}", "a\\u000db\\u000ac\\u0000"), ("\u{7F}\u{9B}31m", "\\u007f\\u009b31m"),
    ("\u{202E}evil\u{2028}\u{200B}", "\\u202eevil\\u2028\\u200b"), ("\u{E0001}x", "\\udb40\\udc01x"), ("", ""),
  ])
  func `what could steer a terminal stands as an escape`(text: String, shown: String) {
    #expect(terminal(Array(text.utf8)) == shown)
  }

  @Test(
    arguments: [
      ([0x9B, 0x41], "\\x9bA"), ([0xC2], "\\xc2"), ([0xE2, 0x82, 0x41], "\\xe2\\x82A"), ([0xC0, 0x9B], "\\xc0\\x9b"),
      ([0xED, 0xA0, 0x80], "\\xed\\xa0\\x80"), ([0xF0, 0x9F, 0x91, 0xC3, 0xA9], "\\xf0\\x9f\\x91é"),
      ([0x66, 0xFF, 0x1B], "f\\xff\\u001b"),
    ] as [([UInt8], String)])
  func `bytes that are no UTF-8 stand as such`(bytes: [UInt8], shown: String) {
    #expect(terminal(bytes) == shown)
  }

  @Test func `lines stay lines if they may`() {
    #expect(terminal(Array("a\nb\u{1B}\n".utf8), keepsLines: true) == "a\nb\\u001b\n")
  }

  @Test(arguments: [
    (#"{"stream":"stdout","text":"a\u001b"}"#, "   a\u{1B}"), (#"{"stream":"stderr","text":"b"}"#, " ! b"),
    (#"{"stream":"stdin","json":{"k":1}}"#, #" > {"k":1}"#), (#"{"stream":"stderr","b64":"/w=="}"#, " ! \u{FFFD}"),
    (#"{"stream":"nowhere","text":"x"}"#, " -- stream nowhere text x"),
  ])
  func `lines of streams are told apart`(payload: String, shown: String) {
    #expect(text("log", payload) == shown)
  }

  @Test(arguments: [
    (#"{"state":"running","pid":12}"#, " -- running pid 12"),
    (#"{"code":7,"state":"exited","signal":null,"outcome":"error"}"#, " -- exited code 7 outcome error"),
    (#"{"pid":12}"#, " -- pid 12"),
  ])
  func `what happened to the agent is told in words`(payload: String, shown: String) {
    #expect(text("status", payload) == shown)
  }

  /// The shown line without its time.
  private func text(_ type: String, _ payload: String) -> String {
    var output: [UInt8] = []
    var printer = LogText(isTerminal: false)
    printer.append(
      Array(#"{"type":"\#(type)","seq":1,"ts":1800000000000,"payload":\#(payload)}"#.utf8), to: &output)
    printer.finish(to: &output)
    let line = String(decoding: output, as: UTF8.self)
    #expect(line.prefix(8).wholeMatch(of: /\d\d:\d\d:\d\d/) != nil && line.last == "\n")
    return String(line.dropFirst(8).dropLast())
  }

  @Test func `on a terminal an agent's escapes are shown, not obeyed`() {
    var output: [UInt8] = []
    var text = LogText(isTerminal: true)
    for payload in [#"{"stream":"stdout","text":"\u001b[2J"}"#, #"{"stream":"stdout","b64":"mw=="}"#] {
      text.append(Array(#"{"type":"log","ts":1,"payload":\#(payload)}"#.utf8), to: &output)
    }
    text.append(Array(#"{"type":"status","ts":1,"payload":{"state":"\u001b[2J"}}"#.utf8), to: &output)
    text.append([0x1B, 0x5B], to: &output)
    #expect(!output.contains(0x1B) && !output.contains(0x9B))
    #expect(output.filter { $0 == 0x0A }.count == 4)
  }

  @Test func `a stream's bytes come back exactly`() {
    let envelopes = [
      #"{"type":"log","seq":1,"ts":1,"payload":{"stream":"stdout","text":"a\u0000b"}}"#,
      #"{"type":"log","seq":2,"ts":1,"payload":{"stream":"stderr","text":"no"}}"#,
      #"{"type":"status","seq":3,"ts":1,"payload":{"stream":"stdout","text":"no"}}"#,
      #"{"type":"log","seq":4,"ts":1,"payload":{"stream":"stdout","json":{"b": 1,"b":2}}}"#,
      #"{"type":"log","seq":5,"ts":1,"payload":{"stream":"stdout","b64":"/wA=","eol":false}}"#,
    ]
    var output: [UInt8] = []
    for envelope in envelopes { RawStream(.stdout).append(Array(envelope.utf8), to: &output) }
    #expect(output == Array("a\u{0}b\n{\"b\": 1,\"b\":2}\n".utf8) + [0xFF, 0])
  }

  @Test(arguments: [
    ("https://127.0.0.1:8443", "https://127.0.0.1:8443"), ("", "''"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#),
    ("$HOME;`x`", "'$HOME;`x`'"), ("https://[::1]:1", "'https://[::1]:1'"), ("~/x", "'~/x'"), ("ä", "'ä'"),
  ])
  func `words are quoted for the shell`(word: String, quoted: String) {
    #expect(ShellWord.quoted(word) == quoted)
  }

  @Test func `the folder is the one named, or the environment's, or the user's`() {
    func path(_ given: String?, _ environment: [String: String], home: String? = nil) -> String? {
      HubLocation.path(given: given, environment: { environment[$0] }, home: home)
    }
    let all = ["RA_HUB_DATA": "/data", "XDG_STATE_HOME": "/state", "HOME": "/me"]
    #expect(path("/given", all) == "/given")
    #expect(path(nil, all) == "/data")
    #expect(path(nil, ["XDG_STATE_HOME": "/state", "HOME": "/me", "RA_HUB_DATA": ""]) == "/state/remote-agent/hub")
    #expect(path(nil, ["XDG_STATE_HOME": "state", "HOME": "/me"]) == "/me/.local/state/remote-agent/hub")
    #expect(path(nil, [:], home: "/db") == "/db/.local/state/remote-agent/hub")
    #expect(path(nil, ["HOME": ""]) == nil)
  }
}
