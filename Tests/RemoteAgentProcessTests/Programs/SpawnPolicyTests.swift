import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// What a hub may do to the real ra-spawn: the owner's options and config.json.
@Suite(.serialized) struct `What ra-spawn lets a hub do` {
  private let folder: Folder

  init() throws { folder = try Folder() }

  /// ra-spawn with the folder as that of its settings.
  private func spawn(_ arguments: [String], config: String? = nil, mode: mode_t = 0o600) throws -> Program {
    if let config { try AtomicFile.write(Array(config.utf8), to: "\(folder.path)/config.json", mode: mode) }
    return try Program.spawn(by: "REMOTE_AGENT_CLIENT_HOME='\(folder.path)' exec \"$0\" \"$@\"", arguments)
  }

  private func ready(_ options: [String], config: String? = nil) throws -> Program {
    let program = try spawn(
      ["--control", "3"] + options + ["sh", "--", "-c", "echo ready; exec sleep 1000"], config: config)
    try program.wait("the agent") { program.text.contains("\"ready\"") }
    return program
  }

  private func answer(_ program: Program, _ seq: Int, _ payload: String) throws -> String? {
    program.control(seq, payload)
    var found: JSON?
    try program.wait("an answer to \(payload)") {
      found = program.states("control").first { $0["seq"]?.integer == Int64(seq) }
      return found != nil
    }
    return found?["result"] == "applied" ? nil : found?["reason"]?.string ?? "no reason"
  }

  @Test func `every control has its answer, and only what is usual is done`() throws {
    let program = try ready([])
    let refusals = [
      (#"{"action":"input","text":"x"}"#, "raw input is not allowed here (allow: input)"),
      (#"{"action":"signal","name":"KILL"}"#, "this signal is not allowed here (allow: signals)"),
      (#"{"action":"signal","name":"9"}"#, "there is no signal of that name"),
      (#"{"action":"start"}"#, "starting an agent is not allowed here (allow: agents, restart)"),
      (#"{"action":"\#(String(repeating: "x", count: 30_000))"}"#, "there is no such action"),
      (
        #"{"action":"stop","x":\#(String(repeating: "[", count: 70))\#(String(repeating: "]", count: 70))}"#,
        "it can't be read: more than 64 levels at byte 84"
      ),
    ]
    for (number, (payload, reason)) in refusals.enumerated() {
      let found = try answer(program, number + 1, payload)
      #expect(found == reason)
    }
    let term = try answer(program, 10, #"{"action":"signal","name":"TERM"}"#)
    #expect(term == nil)
    #expect(try program.finish() == .exited(code: 143))
  }

  @Test func `config.json opens and closes, and options go before it`() throws {
    let program = try ready(
      ["--allow", "signals=USR1", "--deny", "stop"], config: #"{"allow":{"input":true,"signals":["KILL"],"stop":true}}"#
    )
    let input = try answer(program, 1, #"{"action":"input","text":"x"}"#)
    #expect(input == "the agent reads no input from here")
    let kill = try answer(program, 2, #"{"action":"signal","name":"KILL"}"#)
    #expect(kill == "this signal is not allowed here (allow: signals)")
    let stop = try answer(program, 3, #"{"action":"stop"}"#)
    #expect(stop == "stopping the agent is not allowed here (allow: stop)")
    let usr1 = try answer(program, 4, #"{"action":"signal","name":"USR1"}"#)
    #expect(usr1 == nil)
    #expect(try program.finish() == .exited(code: 128 + SIGUSR1))
  }

  @Test func `with none a hub can only watch`() throws {
    let program = try ready(["--allow", "none"])
    for (number, action) in ["stop", "prompt\",\"text\":\"x", "signal\",\"name\":\"INT"].enumerated() {
      let reason = try answer(program, number + 1, "{\"action\":\"\(action)\"}")
      #expect(reason?.contains("not allowed here") == true)
    }
    program.child.send(signal: SIGTERM)
    #expect(try program.finish() == .exited(code: 143))
  }

  @Test func `what is allowed is started where it is allowed, with the arguments that are`() throws {
    let work = "\(folder.path)/work"
    for path in [work, "\(work)/in", "\(work)shop"] { #expect(mkdir(path, 0o700) == 0) }
    #expect(symlink("/", "\(work)/out") == 0)
    #expect(symlink("\(work)/in", "\(folder.path)/link") == 0)
    let program = try spawn(
      ["--control", "3", "--stay", "true"],
      config: #"{"allow":{"agents":["sh"],"folders":["\#(work)"],"arguments":true}}"#)
    try program.wait("the owner's end") { program.states("exited").count == 1 }
    let no = "this folder is not allowed here (allow: folders)"
    for (number, place) in ["\(work)/out", "\(work)/../", "\(work)shop", "/", "\(work)/none"].enumerated() {
      let reason = try answer(program, number + 1, #"{"action":"start","agent":"sh","cwd":"\#(place)"}"#)
      #expect(reason == no)
    }
    let other = try answer(program, 10, #"{"action":"start","agent":"/bin/sh","cwd":"\#(work)"}"#)
    #expect(other == "this agent is not allowed here (allow: agents)")
    let started = try answer(
      program, 11,
      #"{"action":"start","agent":"sh","args":["-c","pwd; cat; echo $0","a b"],"cwd":"\#(folder.path)/link"}"#)
    #expect(started == nil)
    try program.wait("its end") { program.states("exited").count == 2 }
    let place = try #require(FolderPath.resolve("\(work)/in"))
    #expect(try program.stream(.stdout) == Array("\(place)\na b\n".utf8))
    #expect(program.states("starting").last?["cwd"]?.string == place)
    program.child.send(signal: SIGTERM)
    #expect(try program.finish() == .exited(code: 0))
  }

  @Test func `what is relative is the owner's, also where a hub names the folder`() throws {
    let work = "\(folder.path)/work"
    for path in [work, "\(work)/sub"] { #expect(mkdir(path, 0o700) == 0) }
    for (place, text) in [(work, "own"), ("\(work)/sub", "planted")] {
      try AtomicFile.write(Array("#!/bin/sh\necho \(text) in $(pwd)\n".utf8), to: "\(place)/tool", mode: 0o700)
    }
    let sub = try #require(FolderPath.resolve("\(work)/sub"))
    for agent in ["./tool", "tool"] {
      let program = try Program.spawn(
        by: "cd '\(work)' && PATH=.::sub/..:$PATH exec \"$0\" \"$@\"",
        ["--control", "3", "--stay", "--allow", "agents=tool,folders=\(work)", agent])
      try program.wait("the owner's end") { program.states("exited").count == 1 }
      let started = try answer(program, 1, #"{"action":"start","agent":"tool","cwd":"\#(work)/sub"}"#)
      #expect(started == nil)
      try program.wait("its end") { program.states("exited").count == 2 }
      #expect(program.states("starting").last?["argv"] == .array([.string(agent)]))
      program.child.send(signal: SIGTERM)
      #expect(try program.finish() == .exited(code: 0))
      let lines = String(decoding: try program.stream(.stdout), as: UTF8.self).split(separator: "\n")
      #expect(lines.last == "own in \(sub)")
    }
  }

  @Test func `an agent with a session mode is started for prompts beside one without`() throws {
    let program = try spawn(["--control", "3", "--stay", "--allow", "agents=\(folder.claude)", "true"])
    try program.wait("the owner's end") { program.states("exited").count == 1 }
    let started = try answer(program, 1, #"{"action":"start","agent":"claude","prompt":"hello"}"#)
    #expect(started == nil)
    try program.wait("a turn") { program.states("turn").last?["outcome"] == "ok" }
    let prompt = try answer(program, 2, #"{"action":"prompt","text":"more"}"#)
    #expect(prompt == nil)
    try program.wait("two turns") { program.states("turn").count == 4 }
    let stopped = try answer(program, 3, #"{"action":"stop"}"#)
    #expect(stopped == nil)
    try program.wait("its end") { program.states("exited").count == 2 }
    program.child.send(signal: SIGTERM)
    _ = try program.finish()
    #expect(program.states("starting").compactMap { $0["mode"]?.string } == ["raw", "session"])
  }

  @Test func `who may start nothing ends --stay with the agent`() throws {
    let program = try spawn(["--control", "3", "--stay", folder.claude])
    program.closeInput()
    program.control(1, #"{"action":"prompt","text":"die:3"}"#)
    #expect(try program.finish() == .exited(code: 3))
  }

  @Test(arguments: [
    (["--allow", "nothing"], "--allow nothing: there is no such item; there are none, prompts, "),
    (["--deny", "signals=INT"], "--deny signals takes no values"),
    (["--allow", "input", "--deny", "input"], "input is both"),
    (["--stay"], "--stay: nothing that it could wait for is allowed"), (["--json"], "--json is for --show-policy"),
  ])
  func `options that are wrong are status 64`(options: [String], message: String) throws {
    for control in [["--control", "3"], []] where options != ["--stay"] || control != [] {
      let program = try spawn(control + options + ["true"])
      #expect(try program.finish() == .exited(code: 64))
      #expect(program.errorText.hasPrefix("ra-spawn: error: \(message)"))
      #expect(program.text == "")
    }
  }

  @Test(
    arguments: [
      (#"{"allow":{"inputs":true}}"#, 0o600, "allow.inputs: there is no such member; there are prompts, "),
      (#"{"allow":{}}"#, 0o644, "others may read it (mode 644)"),
      ("x", 0o600, "it must hold a JSON object"),
    ] as [(String, mode_t, String)])
  func `a config.json that is wrong is status 78, with control and without`(
    config: String, mode: mode_t, reason: String
  ) throws {
    for control in [["--control", "3"], []] where reason.contains("mode") || !control.isEmpty {
      let program = try spawn(control + ["true"], config: config, mode: mode)
      #expect(try program.finish() == .exited(code: 78))
      #expect(program.errorText.hasPrefix("ra-spawn: error: \(folder.path)/config.json: \(reason)"))
      #expect(program.text == "")
    }
  }

  @Test func `the policy is shown, and nothing is run`() throws {
    let config = #"{"allow":{"folders":["/w"],"signals":[]}}"#
    let text = try spawn(["--show-policy", "--allow", "input", "sh", "--", "-c", "echo no"], config: config)
    #expect(try text.finish() == .exited(code: 0))
    var expected = ControlPolicy()
    (expected.folders, expected.signals, expected.input) = (["/w"], [], true)
    #expect(text.text == expected.text)
    let json = try spawn(["--show-policy", "--json", "--allow", "input"])
    #expect(try json.finish() == .exited(code: 0))
    #expect(json.text == "\(expected.json.text)\n")
    let wrong = try spawn(["--show-policy"], config: "{")
    #expect(try wrong.finish() == .exited(code: 78))
  }
}
