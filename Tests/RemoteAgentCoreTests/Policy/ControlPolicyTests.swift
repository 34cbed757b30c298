import RemoteAgentCore
import Testing

/// The owner runs `/opt/claude` in /home/me/work; these are the folders and links that there are.
private let run = ControlPolicy.Run(agent: "/opt/claude", folder: "/home/me/work")
private let disk = [
  ("/", "/"), ("/etc", "/etc"), ("/home/me", "/home/me"), ("/home/me/work", "/home/me/work"),
  ("/home/me/work/", "/home/me/work"), ("/home/me/work/a", "/home/me/work/a"), ("/home/me/work/a/", "/home/me/work/a"),
  ("/home/me/workshop", "/home/me/workshop"), ("/home/me/work/../../../etc", "/etc"),
  ("/home/me/work/a/..", "/home/me/work"), ("/home/me/work/out", "/etc"), ("/home/me/in", "/home/me/work/a"),
  ("/home/me/w\u{F6}rk", "/home/me/w\u{F6}rk"), ("/home/me/wo\u{308}rk", "/home/me/wo\u{308}rk"),
  ("/home/me/work/\u{301}", "/home/me/work/\u{301}"),
]

private func resolve(_ path: String) -> String? { disk.first { $0.0.utf8.elementsEqual(path.utf8) }?.1 }

private func decide(_ action: ControlAction, _ policy: ControlPolicy) -> Result<ControlAction, ControlRefusal> {
  Result { () throws(ControlRefusal) in try policy.allowed(action, for: run, resolving: resolve) }
}

private func refused(_ reason: String) -> Result<ControlAction, ControlRefusal> { .failure(ControlRefusal(reason)) }

private func policy(_ change: (inout ControlPolicy) -> Void) -> ControlPolicy {
  var policy = ControlPolicy()
  change(&policy)
  return policy
}

@Suite struct `Control policy` {
  private static let noStart = "starting an agent is not allowed here (allow: agents, restart)"

  /// Every action; whether it is allowed without any choice; what allows it, and the reason where it is denied.
  private static let actions: [(ControlAction, Bool, ControlPolicy.Member, String)] = [
    (.stop(graceMs: 5), true, .stop, "stopping the agent is not allowed here (allow: stop)"),
    (.prompt("p"), true, .prompts, "prompts are not allowed here (allow: prompts)"),
    (
      .approve(.init(requestId: "r", isAllowed: true)), true, .approve,
      "answering for the agent's owner is not allowed here (allow: approve)"
    ),
    (.signal(.int), true, .signals, "this signal is not allowed here (allow: signals)"),
    (.signal(.term), true, .signals, "this signal is not allowed here (allow: signals)"),
    (.signal(.kill), false, .signals, "this signal is not allowed here (allow: signals)"),
    (.signal(.stop), false, .signals, "this signal is not allowed here (allow: signals)"),
    (.input([]), false, .input, "raw input is not allowed here (allow: input)"),
    (.resize, false, .input, "resizing the terminal is not allowed here (allow: input)"),
    (.start(.init()), false, .restart, noStart),
    (.start(.init(agent: "claude")), false, .restart, noStart),
    (.start(.init(agent: "codex", folder: "/home/me/work")), false, .agents, noStart),
  ]

  @Test(arguments: actions.indices)
  func `every action by default, allowed, and denied`(index: Int) throws {
    let (action, isDefault, member, reason) = Self.actions[index]
    #expect(((try? decide(action, ControlPolicy()).get()) != nil) == isDefault)
    let item = [.signals: "signals=KILL:STOP:INT:TERM", .agents: "agents=codex"][member] ?? member.rawValue
    var allowing = ControlPolicy.nothing
    try allowing.apply(allow: [item], deny: [])
    #expect((try? decide(action, allowing).get()) != nil)
    var denying = policy { $0.signals = ControlSignal.allCases }
    (denying.input, denying.restart, denying.agents) = (true, true, ["codex"])
    try denying.apply(allow: [], deny: member == .restart || member == .agents ? ["restart,agents"] : [member.rawValue])
    #expect(decide(action, denying) == refused(reason))
  }

  @Test func `nothing is nothing`() {
    for (action, _, _, reason) in Self.actions { #expect(decide(action, .nothing) == refused(reason)) }
    #expect(ControlPolicy.nothing.allowsNothing)
    #expect(!ControlPolicy().allowsNothing)
  }

  // MARK: - Starts

  @Test func `a restart is the owner's own words`() {
    let restart = policy { $0.restart = true }
    for start in [
      ControlAction.Start(), .init(agent: "claude"), .init(agent: "/opt/claude"), .init(folder: "/home/me/work"),
      .init(folder: "/home/me/work/a/.."),
    ] {
      #expect(decide(.start(start), restart) == .success(.start(.init())))
    }
    #expect(decide(.start(.init(prompt: "p")), restart) == .success(.start(.init(prompt: "p"))))
    let otherwise = refused("starting this agent otherwise than it was is not allowed here (allow: agents)")
    #expect(decide(.start(.init(folder: "/etc")), restart) == otherwise)
    #expect(decide(.start(.init(agent: "codex")), restart) == refused("this agent is not allowed here (allow: agents)"))
    let arguments = decide(.start(.init(arguments: ["x"])), restart)
    #expect(arguments == refused("arguments are not allowed here (allow: arguments)"))
    #expect(decide(.start(.init(arguments: ["x"])), policy { ($0.restart, $0.arguments) = (true, true) }) == otherwise)
    #expect(
      decide(.start(.init(prompt: "p")), policy { ($0.restart, $0.prompts) = (true, false) })
        == refused("prompts are not allowed here (allow: prompts)"))
  }

  @Test(
    arguments: [
      ("codex", "codex"), ("gemini", "/opt/g/gemini"), ("/opt/g/gemini", "/opt/g/gemini"), ("sh", "sh"),
      ("/tmp/codex", nil), ("/opt/g/../g/gemini", nil), ("Codex", nil), ("codex ", nil), ("./codex", nil), ("cod", nil),
      ("/opt/g", nil), ("..", nil), ("/", nil),
    ] as [(String, String?)])
  func `an agent is named as the owner named it, and that is what runs`(asked: String, runs: String?) {
    let agents = policy { $0.agents = ["/other/sh", "codex", "/opt/g/gemini", "sh"] }
    let decision = decide(.start(.init(agent: asked)), agents)
    #expect(
      decision == runs.map { .success(.start(.init(agent: $0))) }
        ?? refused("this agent is not allowed here (allow: agents)"))
  }

  @Test func `the owner's own agent among those allowed may have arguments`() {
    let agents = policy { ($0.agents, $0.arguments) = (["claude"], true) }
    #expect(decide(.start(.init(arguments: ["x"])), agents) == .success(.start(.init(arguments: ["x"]))))
    #expect(decide(.start(.init(agent: "claude")), agents) == .success(.start(.init())))
    // Another program of its name.
    let other = policy { $0.agents = ["/other/claude"] }
    #expect(decide(.start(.init(agent: "claude")), other) == .success(.start(.init(agent: "/other/claude"))))
    let otherwise = refused("starting this agent otherwise than it was is not allowed here (allow: agents)")
    #expect(decide(.start(.init()), other) == otherwise)
  }

  @Test(
    arguments: [
      ("/home/me/work", "/home/me/work"), ("/home/me/work/", "/home/me/work"), ("/home/me/work/a", "/home/me/work/a"),
      ("/home/me/work/a/", "/home/me/work/a"), ("/home/me/work/a/..", "/home/me/work"),
      // By a link into it, and by one out of it; a longer name; above it; not there.
      ("/home/me/in", "/home/me/work/a"), ("/home/me/work/out", nil), ("/home/me/workshop", nil), ("/home/me", nil),
      ("/home/me/work/../../../etc", nil), ("/", nil), ("/etc", nil), ("/home/me/work/none", nil),
      // To Unicode a combining mark belongs to the character before it, to the file system it doesn't.
      ("/home/me/work/\u{301}", "/home/me/work/\u{301}"),
    ] as [(String, String?)])
  func `a folder is allowed after it is resolved, and what is under it`(asked: String, place: String?) {
    let start = ControlAction.start(.init(agent: "codex", folder: asked))
    for allowed in ["/home/me/work", "/home/me/work/"] {
      let decision = decide(start, policy { ($0.agents, $0.folders) = (["codex"], [allowed]) })
      #expect(
        decision == place.map { .success(.start(.init(agent: "codex", folder: $0))) }
          ?? refused("this folder is not allowed here (allow: folders)"))
    }
  }

  @Test func `an allowed folder that is a link means where it leads`() {
    let link = policy { ($0.agents, $0.folders) = (["codex"], ["/home/me/in"]) }
    let inside = decide(.start(.init(agent: "codex", folder: "/home/me/work/a")), link)
    #expect(inside == .success(.start(.init(agent: "codex", folder: "/home/me/work/a"))))
    #expect(
      decide(.start(.init(agent: "codex", folder: "/home/me/work")), link)
        == refused("this folder is not allowed here (allow: folders)"))
  }

  @Test func `the root holds all that is there, a folder that is gone holds nothing, nor does none`() {
    let start = ControlAction.start(.init(agent: "codex", folder: "/etc"))
    let no = refused("this folder is not allowed here (allow: folders)")
    #expect(decide(start, policy { ($0.agents, $0.folders) = (["codex"], ["/"]) }) == .success(start))
    #expect(decide(start, policy { ($0.agents, $0.folders) = (["codex"], ["/gone"]) }) == no)
    #expect(decide(start, policy { ($0.agents, $0.folders) = (["codex"], []) }) == no)
  }

  @Test func `without folders it is where the owner's runs, and nowhere under it`() {
    let agents = policy { $0.agents = ["codex", "claude"] }
    for folder in [nil, "/home/me/work", "/home/me/work/"] {
      let decision = decide(.start(.init(agent: "codex", folder: folder)), agents)
      #expect(decision == .success(.start(.init(agent: "codex"))))
    }
    for folder in ["/home/me/work/a", "/etc", "/home/me/work/none"] {
      let no = refused("another folder is not allowed here (allow: folders)")
      #expect(decide(.start(.init(folder: folder)), agents) == no)
    }
  }

  @Test func `with folders where the owner's runs is none of them by itself`() {
    let elsewhere = policy { ($0.agents, $0.folders) = (["claude"], ["/etc"]) }
    #expect(decide(.start(.init()), elsewhere) == refused("this folder is not allowed here (allow: folders)"))
  }

  @Test func `names that Unicode calls equal are different folders`() {
    let composed = policy { ($0.agents, $0.folders) = (["codex"], ["/home/me/w\u{F6}rk"]) }
    let no = refused("this folder is not allowed here (allow: folders)")
    #expect(decide(.start(.init(agent: "codex", folder: "/home/me/wo\u{308}rk")), composed) == no)
  }

  @Test(arguments: [
    ("/a", "/a/../b"), ("/a", "a"), ("a", "a"), ("/a", "/a/./b"), ("/a/..", "/b"), ("/a", ""), ("", "/a"),
  ])
  func `what is not resolved is in no folder`(folder: String, place: String) {
    let agents = policy { ($0.agents, $0.folders) = (["codex"], [folder]) }
    let decision = Result { () throws(ControlRefusal) in
      try agents.allowed(.start(.init(agent: "codex", folder: place)), for: run) { $0 }
    }
    #expect(decision == refused("this folder is not allowed here (allow: folders)"))
  }

  // MARK: - Without an agent of the owner's

  private func alone(_ start: ControlAction.Start, _ policy: ControlPolicy) -> Result<
    ControlAction, ControlRefusal
  > {
    let run = ControlPolicy.Run(agent: nil, folder: "/home/me/work")
    return Result { () throws(ControlRefusal) in try policy.allowed(.start(start), for: run, resolving: resolve) }
  }

  @Test func `who runs none has only those started that he names`() {
    let agents = policy { ($0.agents, $0.restart) = (["claude", "/opt/g/gemini"], true) }
    #expect(alone(.init(agent: "claude"), agents) == .success(.start(.init(agent: "claude"))))
    #expect(alone(.init(agent: "gemini"), agents) == .success(.start(.init(agent: "/opt/g/gemini"))))
    #expect(alone(.init(agent: "codex"), agents) == refused("this agent is not allowed here (allow: agents)"))
    #expect(alone(.init(), agents) == refused("no agent is named"))
    let restart = policy { $0.restart = true }
    let none = refused("starting an agent is not allowed here (allow: agents)")
    #expect(alone(.init(agent: "claude"), restart) == none)
    #expect(alone(.init(), restart) == none)
    #expect(
      alone(.init(agent: "claude", folder: "/etc"), agents)
        == refused("another folder is not allowed here (allow: folders)"))
    let anywhere = policy { ($0.agents, $0.folders) = (["claude"], ["/home/me"]) }
    #expect(
      alone(.init(agent: "claude", folder: "/home/me/in"), anywhere)
        == .success(.start(.init(agent: "claude", folder: "/home/me/work/a"))))
  }

  @Test func `agents of the command line are added`() throws {
    var agents = policy { $0.agents = ["codex"] }
    try agents.add(agents: ["claude", "codex", "/opt/x"])
    #expect(agents.agents == ["codex", "claude", "/opt/x"])
    for wrong in ["./x", "", "a/b"] { #expect(throws: PolicyError.self) { try agents.add(agents: [wrong]) } }
    #expect(agents.agents == ["codex", "claude", "/opt/x"])
  }

  @Test func `what is handed on is the same without starts`() throws {
    var all = policy { ($0.agents, $0.folders, $0.restart, $0.arguments) = (["codex"], ["/"], true, true) }
    (all.input, all.signals) = (true, ControlSignal.allCases)
    let changes: [(inout ControlPolicy) -> Void] = [
      { _ in }, { $0.prompts = false }, { $0.stop = false }, { $0.approve = false }, { $0.input = false },
      { $0.signals = [] }, { $0.signals = [.kill] },
    ]
    for base in [all, ControlPolicy(), .nothing] {
      for change in changes {
        var given = base
        change(&given)
        var taken = all
        try taken.apply(allow: [given.steering], deny: [])
        #expect(taken == given.withoutStarts)
        #expect(!taken.allowsStart)
      }
    }
  }
}
