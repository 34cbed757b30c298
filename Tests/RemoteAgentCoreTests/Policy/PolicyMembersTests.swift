import RemoteAgentCore
import Testing

@Suite struct `Control policy as it is written` {
  private static let members = "prompts, stop, approve, signals, input, restart, agents, folders, arguments"
  private static let signals = "HUP, INT, QUIT, KILL, USR1, USR2, ALRM, TERM, CONT, STOP, TSTP, WINCH"
  private static let programs = "names or absolute paths of programs"

  private func error(_ body: (inout ControlPolicy) throws(PolicyError) -> Void) -> String? {
    var policy = ControlPolicy()
    do throws(PolicyError) {
      try body(&policy)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func `config.json replaces what it names, and what is shown says the same again`() throws {
    var policy = ControlPolicy()
    let settings = try JSON(
      parsing: """
        {"agents":["claude","/opt/x"],"folders":["/home/me/work"],"arguments":true,"input":true,"signals":["INT","KILL"],
         "prompts":false,"stop":false,"approve":false,"restart":true}
        """)
    try policy.apply(settings: settings)
    var expected = ControlPolicy.nothing
    (expected.agents, expected.folders, expected.signals) = (["claude", "/opt/x"], ["/home/me/work"], [.int, .kill])
    (expected.arguments, expected.input, expected.restart) = (true, true, true)
    #expect(policy == expected)
    var again = ControlPolicy()
    try again.apply(settings: policy.json)
    #expect(again == policy)
    var untouched = ControlPolicy()
    try untouched.apply(settings: [:])
    #expect(untouched == ControlPolicy())
    try untouched.apply(settings: untouched.json)
    #expect(untouched == ControlPolicy())
  }

  @Test(arguments: [
    ("[]", "allow must be an object; its members are \(members)"),
    ("true", "allow must be an object; its members are \(members)"),
    ("null", "allow must be an object; its members are \(members)"),
    (#"{"prompt":true}"#, "allow.prompt: there is no such member; there are \(members)"),
    (#"{"Input":true}"#, "allow.Input: there is no such member; there are \(members)"),
    (#"{"input":true,"input":false}"#, "allow.input stands there twice"),
    (#"{"input":"yes"}"#, "allow.input must be true or false"), (#"{"input":1}"#, "allow.input must be true or false"),
    (#"{"stop":null}"#, "allow.stop must be true or false"),
    (#"{"arguments":[]}"#, "allow.arguments must be true or false"),
    (#"{"agents":"claude"}"#, "allow.agents must be a list of \(programs)"),
    (#"{"agents":true}"#, "allow.agents must be a list of \(programs)"),
    (#"{"agents":[1]}"#, "allow.agents must be a list of \(programs)"),
    (#"{"agents":[""]}"#, "allow.agents: \"\" is none of \(programs)"),
    (#"{"agents":["bin/claude"]}"#, "allow.agents: \"bin/claude\" is none of \(programs)"),
    (#"{"agents":["./claude"]}"#, "allow.agents: \"./claude\" is none of \(programs)"),
    (#"{"folders":"/w"}"#, "allow.folders must be a list of absolute paths"),
    (#"{"folders":null}"#, "allow.folders must be a list of absolute paths"),
    (#"{"folders":["work"]}"#, "allow.folders: \"work\" is none of absolute paths"),
    (#"{"folders":["~/work"]}"#, "allow.folders: \"~/work\" is none of absolute paths"),
    (#"{"folders":["/w\u0000x"]}"#, "allow.folders: \"/w\\0x\" is none of absolute paths"),
    (#"{"signals":"INT"}"#, "allow.signals must be a list of \(signals)"),
    (#"{"signals":[2]}"#, "allow.signals must be a list of \(signals)"),
    (#"{"signals":["SIGINT"]}"#, "allow.signals: \"SIGINT\" is none of \(signals)"),
  ])
  func `a member that is wrong is named, with what may stand there`(settings: String, message: String) throws {
    let json = try JSON(parsing: settings)
    #expect(error { policy throws(PolicyError) in try policy.apply(settings: json) } == message)
  }

  @Test func `options replace members of config.json, in both directions`() throws {
    var policy = ControlPolicy()
    try policy.apply(settings: [
      "input": true, "prompts": false, "signals": ["KILL"], "agents": ["codex"], "folders": ["/w"],
    ])
    try policy.apply(
      allow: ["prompts,signals=HUP:INT", "restart", "folders=/a:/b", "folders=/c"], deny: ["input,agents"])
    var expected = ControlPolicy()
    (expected.signals, expected.restart, expected.folders) = ([.hup, .int], true, ["/a", "/b", "/c"])
    #expect(policy == expected)
  }

  @Test func `none is nothing but what else is allowed, wherever it stands`() throws {
    for allow in [["none"], ["none,stop"], ["stop", "none"]] {
      var policy = ControlPolicy()
      policy.input = true
      try policy.apply(allow: allow, deny: [])
      var expected = ControlPolicy.nothing
      expected.stop = allow != ["none"]
      #expect(policy == expected)
    }
  }

  @Test func `a list that is denied is empty`() throws {
    var policy = ControlPolicy()
    try policy.apply(allow: [], deny: ["signals", "folders"])
    #expect(policy.signals == [])
    #expect(policy.folders == [])
  }

  @Test(
    arguments: [
      (["prompt"], [], "--allow prompt: there is no such item; there are none, \(members)"),
      (["none=x"], [], "--allow none: there is no such item; there are none, \(members)"),
      ([], ["none"], "--deny none: there is no such item; there are \(members)"),
      ([""], [], "--allow: an item is empty"), (["stop,,input"], [], "--allow: an item is empty"),
      ([], ["stop,"], "--deny: an item is empty"), (["=x"], [], "--allow: an item is empty"),
      (["input=yes"], [], "--allow input takes no values"), ([], ["signals=INT"], "--deny signals takes no values"),
      (["signals"], [], "--allow signals needs values: signals=A:B, of \(signals)"),
      (["signals="], [], "--allow signals: \"\" is none of \(signals)"),
      (["signals=INT:9"], [], "--allow signals: \"9\" is none of \(signals)"),
      (["folders=/a:b"], [], "--allow folders: \"b\" is none of absolute paths"),
      (["agents=a/b"], [], "--allow agents: \"a/b\" is none of \(programs)"),
      (["input"], ["input"], "input is both allowed and denied"),
      (["signals=INT"], ["signals"], "signals is both allowed and denied"),
    ] as [([String], [String], String)])
  func `an item that is wrong is named`(allow: [String], deny: [String], message: String) {
    #expect(error { policy throws(PolicyError) in try policy.apply(allow: allow, deny: deny) } == message)
  }

  @Test func `what is shown`() {
    var policy = ControlPolicy()
    (policy.agents, policy.signals) = (["claude", "codex"], [])
    #expect(
      policy.text == """
        prompts    yes
        stop       yes
        approve    yes
        signals    none
        input      no
        restart    no
        agents     claude codex
        folders    where it was started
        arguments  no

        """)
    #expect(
      policy.json.text
        == #"{"prompts":true,"stop":true,"approve":true,"signals":[],"input":false,"restart":false,"agents":["claude","codex"],"arguments":false}"#
    )
  }
}
