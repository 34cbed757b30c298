import RemoteAgentCore
import Testing

@Suite struct `The profiles that an owner writes` {
  private func profiles(_ settings: String) throws -> AgentProfiles {
    var profiles = AgentProfiles.builtIn
    try profiles.apply(settings: try JSON(parsing: Array(settings.utf8)))
    return profiles
  }

  private func reason(_ settings: String) throws -> String {
    var profiles = AgentProfiles.builtIn
    let json = try JSON(parsing: Array(settings.utf8))
    do throws(AgentSettingsError) {
      try profiles.apply(settings: json)
      return "none"
    } catch {
      return error.description
    }
  }

  private func builtIn(_ name: String) throws -> AgentProfile { try #require(AgentProfiles.builtIn[agent: name]) }

  @Test func `what isn't named stays as it was`() throws {
    let unchanged = try profiles("{}")
    #expect(unchanged == .builtIn)
    let empty = try profiles(#"{"claude":{}}"#)
    #expect(empty == .builtIn)
    var expected = try builtIn("claude")
    expected.search = ["~/claude/bin", "/tools"]
    let changed = try profiles(#"{"claude":{"search":["~/claude/bin","/tools"]}}"#)
    #expect(changed[agent: "claude"] == expected)
    // In its place, among the others.
    #expect(changed.all.map(\.name) == ["claude", "codex", "gemini"])
  }

  @Test func `every member is taken`() throws {
    let all = try profiles(
      #"""
      {"mine": {
        "program": "/opt/mine/bin/mine", "search": [], "version": ["version", ""], "waitsForInput": true,
        "dialect": "gemini-stream-json",
        "stdin": {"dialect": "codex-app-server", "arguments": ["serve"], "asking": ["--ask"]},
        "args": {"dialect": "codex-exec-json", "first": ["do", "{prompt}"], "next": ["again", "{session}", "--", "{prompt}"]}
      }}
      """#)
    var mine = AgentProfile(name: "mine", program: "/opt/mine/bin/mine")
    mine.versionArguments = ["version", ""]
    mine.waitsForInput = true
    mine.dialect = .gemini
    mine.dialogue = .init(dialect: .codexServer, arguments: ["serve"], askingArguments: ["--ask"])
    mine.single = .init(
      dialect: .codexExec, first: ["do", "{prompt}"], next: ["again", "{session}", "--", "{prompt}"])
    #expect(all[agent: "mine"] == mine)
    #expect(all.all.map(\.name) == ["claude", "codex", "gemini", "mine"])
  }

  @Test func `null is none`() throws {
    let none = try profiles(#"{"claude":{"stdin":null,"args":null,"dialect":null}}"#)
    let claude = try #require(none[agent: "claude"])
    #expect(claude.dialogue == nil && claude.single == nil && claude.dialect == nil)
    #expect(claude.waitsForInput)
  }

  @Test func `one may be like another, that is built in or stands before it`() throws {
    let like = try profiles(#"{"b":{"like":"codex","args":null},"a":{"like":"b","search":["/a"]},"c":{}}"#)
    var expected = try builtIn("codex")
    (expected.name, expected.single, expected.search) = ("a", nil, ["/a"])
    #expect(like[agent: "a"] == expected)
    #expect(like[agent: "c"] == AgentProfile(name: "c", program: "c"))
    // Of the built-in ones it is the changed one that stands before it, too.
    let changed = try profiles(#"{"claude":{"search":["/x"]},"a":{"like":"claude"}}"#)
    #expect(changed[agent: "a"]?.search == ["/x"])
    let reason = try reason(#"{"a":{"like":"b"},"b":{}}"#)
    #expect(reason == #"agents.a.like: there is no agent "b" before it; there are claude, codex, gemini"#)
  }

  @Test(arguments: [
    ("[]", "agents must be an object"), ("null", "agents must be an object"),
    (#"{"":{}}"#, "agents: a name is empty"), (#"{"a/b":{}}"#, #"agents: a name may have no slash and no NUL: "a/b""#),
    (#"{"a\u0000":{}}"#, #"agents: a name may have no slash and no NUL: "a\0""#),
    (#"{"a":{},"a":{}}"#, "agents.a stands there twice"), (#"{"a":1}"#, "agents.a must be an object"),
    (#"{"a":null}"#, "agents.a must be an object"),
    (#"{"a":{"program":"x","program":"x"}}"#, "agents.a.program stands there twice"),
    (#"{"a":{"program":""}}"#, "agents.a.program must be a text that is not empty, without NUL"),
    (#"{"a":{"program":null}}"#, "agents.a.program must be a text that is not empty, without NUL"),
    (#"{"a":{"like":7}}"#, "agents.a.like must be a text that is not empty, without NUL"),
    (#"{"a":{"search":"/x"}}"#, "agents.a.search must be a list of texts without NUL"),
    (#"{"a":{"search":["/x",1]}}"#, "agents.a.search must be a list of texts without NUL"),
    (#"{"a":{"search":["/x","bin"]}}"#, "agents.a.search must be absolute, or begin with ~/: \"bin\""),
    (#"{"a":{"program":"tools/x"}}"#, "agents.a.program must be absolute, or begin with ~/: \"tools/x\""),
    (#"{"a":{"search":[""]}}"#, "agents.a.search must be a list of texts that are not empty"),
    (#"{"a":{"version":["\u0000"]}}"#, "agents.a.version must be a list of texts without NUL"),
    (#"{"a":{"waitsForInput":"yes"}}"#, "agents.a.waitsForInput must be true or false"),
    (
      #"{"a":{"dialect":"claude"}}"#,
      "agents.a.dialect must be one of claude-stream-json, codex-exec-json, codex-app-server, gemini-stream-json"
    ),
    (#"{"a":{"stdin":[]}}"#, "agents.a.stdin must be an object"),
    (#"{"a":{"stdin":{}}}"#, "agents.a.stdin must have a member dialect"),
    (
      #"{"a":{"stdin":{"dialect":"codex-exec-json"}}}"#,
      "agents.a.stdin.dialect must be one of claude-stream-json, codex-app-server"
    ),
    (
      #"{"a":{"stdin":{"dialect":"codex-app-server","args":[]}}}"#,
      "agents.a.stdin.args: there is no such member; there are dialect, arguments, asking"
    ),
    (
      #"{"a":{"stdin":{"dialect":"codex-app-server","arguments":["{prompt}"]}}}"#,
      "agents.a.stdin.arguments: {prompt} has no meaning in it"
    ),
    (
      #"{"a":{"args":{"dialect":"codex-app-server","first":[],"next":["{session}"]}}}"#,
      "agents.a.args.dialect must be one of claude-stream-json, codex-exec-json, gemini-stream-json"
    ),
    (#"{"a":{"args":{"dialect":"codex-exec-json","next":["{session}"]}}}"#, "agents.a.args must have a member first"),
    (#"{"a":{"args":{"dialect":"codex-exec-json","first":[]}}}"#, "agents.a.args must have a member next"),
    (
      #"{"a":{"args":{"dialect":"codex-exec-json","first":[],"next":["-"]}}}"#,
      "agents.a.args.next must have the word {session}"
    ),
    (
      #"{"a":{"args":{"dialect":"codex-exec-json","first":["{session}"],"next":["{session}"]}}}"#,
      "agents.a.args.first: {session} has no meaning in it"
    ),
    (
      #"{"a":{"args":{"dialect":"codex-exec-json","first":["-p={prompt}"],"next":["{session}"]}}}"#,
      "agents.a.args.first: {prompt} must be a word of its own"
    ),
    (
      #"{"a":{"args":{"dialect":"codex-exec-json","first":[],"next":["--resume={session}"]}}}"#,
      "agents.a.args.next: {session} must be a word of its own"
    ),
  ])
  func `what is wrong is told with its place`(settings: String, expected: String) throws {
    let reason = try reason(settings)
    #expect(reason == expected)
  }

  @Test func `names and agents have a bound`() throws {
    let most = (1...64).map { #""a\#($0)":{}"# }.joined(separator: ",")
    let full = try profiles("{\(most)}")
    #expect(full.all.count == 67)
    let tooMany = try reason("{\(most),\"b\":{}}")
    #expect(tooMany == "agents must have at most 64 members")
    let long = String(repeating: "n", count: 65)
    let tooLong = try reason("{\"\(long)\":{}}")
    #expect(tooLong == "agents: a name is longer than 64 bytes")
    let longest = try profiles("{\"\(long.dropLast())\":{}}")
    #expect(longest.all.count == 4)
  }

  @Test func `what an agent can do follows from its profile`() throws {
    let all = try ["claude", "codex", "gemini"].map(builtIn)
    #expect(all.map(\.promptWays) == [[.stdin, .args], [.stdin, .args], [.args]])
    #expect(all.map(\.canBeInterrupted) == [true, true, false])
    #expect(all.map(\.canAsk) == [true, true, false])
    var silent = all[0]
    silent.dialogue?.askingArguments = []
    #expect(!silent.canAsk)
    #expect(AgentProfile(name: "x", program: "x").promptWays == [])
  }
}
