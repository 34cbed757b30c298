import Glibc
import RemoteAgentCore
import RemoteAgentHub
import Testing

@Suite struct TextTests {
  @Test(arguments: [
    (#"{"stream":"stdout","text":"a\u001b"}"#, "   a\u{1B}"), (#"{"stream":"stderr","text":"b"}"#, " ! b"),
    (#"{"stream":"stdin","json":{"k":1}}"#, #" > {"k":1}"#), (#"{"stream":"stderr","b64":"/w=="}"#, " ! \u{FFFD}"),
    (#"{"stream":"nowhere","text":"x"}"#, " -- stream nowhere text x"),
  ])
  func `lines of streams are told apart`(payload: String, shown: String) {
    #expect(text("log", payload) == shown)
  }

  @Test(arguments: [
    (
      #"{"state":"starting","agent":"make","argv":["make","a b"],"cwd":"/w","mode":"raw"}"#,
      " -- starting make 'a b' in /w"
    ),
    (
      #"{"state":"starting","agent":"claude","argv":["/bin/claude","-p"],"cwd":"/w","mode":"session"}"#,
      " -- starting claude in /w, to be prompted"
    ),
    (#"{"state":"starting","agent":"x"}"#, " -- starting x"),
    (#"{"state":"running","pid":12}"#, " -- running as process 12"),
    (#"{"state":"turn","turn":1,"outcome":"started"}"#, " -- turn 1 started"),
    (#"{"state":"turn","turn":1,"outcome":"ok"}"#, " -- turn 1 done"),
    (#"{"state":"turn","turn":2,"outcome":"error","detail":"API\nError"}"#, #" -- turn 2 failed: API\u000aError"#),
    (#"{"state":"turn","turn":3,"outcome":"incomplete"}"#, " -- turn 3 is incomplete"),
    (
      #"{"code":7,"state":"exited","signal":null,"outcome":"error","durationMs":1250}"#,
      " -- exited with status 7 after 1.2 s (error)"
    ),
    (#"{"state":"exited","signal":"TERM","durationMs":61000}"#, " -- killed by signal TERM after 1 min 1 s"),
    (
      #"{"state":"exited","code":0,"durationMs":7260000,"outcome":"ok"}"#,
      " -- exited with status 0 after 2 h 1 min (ok)"
    ),
    (#"{"state":"exited","code":0,"durationMs":-1}"#, " -- exited with status 0"),
    (#"{"state":"error","code":"not_found","message":"starting x: not found"}"#, " -- error: starting x: not found"),
    (#"{"state":"control","seq":3,"result":"applied"}"#, " -- control 3 applied"),
    (
      #"{"state":"control","seq":3,"result":"refused","reason":"not permitted"}"#,
      " -- control 3 refused: not permitted"
    ),
    (
      #"{"state":"gap","from":17,"to":40,"bytes":0,"reason":"overflow"}"#, " -- gap: lines 17 to 40 lost (overflow)"
    ),
    (#"{"state":"gap","from":17,"to":17}"#, " -- gap: line 17 lost"),
    (#"{"state":"end","bytes":120,"lines":1}"#, " -- end: 1 line, 120 bytes"),
    (#"{"state":"exited","code":"7"}"#, " -- exited code 7"), (#"{"state":"control","seq":1}"#, " -- control seq 1"),
    (
      #"{"state":"approval","requestId":"r1","tool":"Bash","input":{"command":"ls\n\u001b"},"expiresIn":60}"#,
      #" -- asks to use Bash: ls\u000a\u001b [request r1, within 60 s]"#
    ),
    (
      #"{"state":"approval","requestId":"r1","tool":"T","input":{"n":1}}"#, #" -- asks to use T: {"n":1} [request r1]"#
    ),
    (
      #"{"state":"approval","requestId":"r1","tool":"T","inputBytes":300000}"#,
      " -- asks to use T: 300000 bytes, left out [request r1]"
    ),
    (#"{"state":"approval","requestId":"r1","decision":"allow","by":"hub"}"#, " -- allowed by hub [request r1]"),
    (
      #"{"state":"approval","requestId":"r1","decision":"deny","by":"hub","message":"no"}"#,
      " -- denied by hub: no [request r1]"
    ),
    (
      #"{"state":"approval","requestId":"r1","decision":"deny","by":"timeout"}"#,
      " -- denied: nobody answered in time [request r1]"
    ),
    (
      #"{"state":"approval","requestId":"r1","decision":"withdrawn","by":"agent"}"#,
      " -- not asked any more by agent [request r1]"
    ),
    (#"{"state":"approval","tool":"T"}"#, " -- approval tool T"),
    (#"{"state":"approval","requestId":"r1","decision":"maybe"}"#, " -- approval requestId r1 decision maybe"),
    (#"{"state":"new","a":[1]}"#, " -- new a [1]"), (#"{"pid":12}"#, " -- pid 12"), (#"{"state":7}"#, " -- 7"),
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

  @Test func `a question is shown whole and harmless, with the command that decides it`() {
    func lines(_ name: String, _ members: [JSON.Member], command: [String] = ["ra-hub", "send"]) -> [String] {
      QuestionText.lines(
        .object([.init("requestId", .string(name)), .init("tool", "Bash\u{1B}[2J")] + members), command: command,
        session: "k3", action: "approve")
    }
    let long = String(repeating: "x", count: 5_000)
    #expect(
      lines("a1", [.init("input", ["command": .string("a\n\u{202E}\(long)"), "deep": [1, ["k": 2]]])]) == [
        #"Bash\u001b[2J"#, #"  command: a\u000a\u202e\#(long)"#, #"  deep: [1,{"k":2}]"#,
        "  approve it by: ra-hub send k3 approve a1",
      ])
    #expect(lines("-1", [.init("inputBytes", 9)])[1] == "  9 bytes, which the log left out")
    #expect(
      lines("-1", [], command: ["ra-hub", "send", "--data", "/a b"]).last
        == "  approve it by: ra-hub send --data '/a b' k3 approve -- -1")
    #expect(lines("a;\u{1B} b", []).last == #"  approve it by: ra-hub send k3 approve 'a;\u001b b'"#)
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
