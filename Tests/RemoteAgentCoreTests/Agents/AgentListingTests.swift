import RemoteAgentCore
import Testing

@Suite struct `The list of agents` {
  private var items: [AgentListing.Item] {
    let all = AgentProfiles.builtIn.all
    let plain = AgentProfile(name: "p\u{1B}[31m", program: "/x/p")
    return [
      .init(all[0], .found(path: "/usr/bin/claude"), version: .told("2.1.330 (Claude Code)")),
      .init(all[1], .notFound), .init(all[2], .notExecutable(path: "/a\tb\u{202E}/gemini")),
      .init(plain, .found(path: "/x/p"), version: .unknown("exit status 1\u{9B}")),
    ]
  }

  @Test func `it is a table that fits 80 columns, and harmless on a terminal`() {
    let text = AgentListing(items).text
    #expect(
      text == #"""
        AGENT        VERSION                  PROMPTS      INTERRUPT  APPROVAL
        claude       2.1.330 (Claude Code)    stdin, args  yes        yes
          /usr/bin/claude
          claude-stream-json (raw, stdin, args)
        codex        not found                stdin, args  yes        yes
          codex-exec-json (raw, args); codex-app-server (stdin)
        gemini       not executable           args         no         no
          /a b\u202e/gemini
          gemini-stream-json (raw, args)
        p\u001b[31m  ? (exit status 1\u009b)  no           no         no
          /x/p
          no dialect

        """#)
  }

  @Test func `what is long is cut in the table, and whole in JSON`() {
    let name = String(repeating: "n", count: 64)
    let version = String(repeating: "v", count: 256)
    let item = AgentListing.Item(
      AgentProfile(name: name, program: name), .found(path: "/n"), version: .told(version))
    let listing = AgentListing([item])
    for line in listing.text.split(separator: "\n") { #expect(line.count <= 80) }
    #expect(listing.json["items"]?.array?.first?["name"]?.string == name)
    #expect(listing.json["items"]?.array?.first?["version"]?.string == version)
  }

  @Test func `as JSON it has everything`() {
    let json = AgentListing(items).json["items"]?.array ?? []
    #expect(
      json.first?.text
        == #"{"name":"claude","program":"claude","status":"found","path":"/usr/bin/claude","version":"2.1.330 (Claude Code)","#
        + #""versionError":null,"prompts":["stdin","args"],"interrupt":true,"approval":true,"dialects":"#
        + #"{"raw":"claude-stream-json","stdin":"claude-stream-json","args":"claude-stream-json"}}"#)
    #expect(json.map { $0["status"]?.string } == ["found", "not found", "not executable", "found"])
    #expect(json[1]["path"] == .null && json[1]["version"] == .null && json[1]["versionError"] == .null)
    #expect(json[3]["versionError"]?.string == "exit status 1\u{9B}")
    #expect(json[3]["dialects"]?.text == #"{"raw":null,"stdin":null,"args":null}"#)
  }
}
