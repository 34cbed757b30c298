import RemoteAgentCore
import RemoteAgentProcess
import Testing

@Suite struct `On demand` {
  @Test func `a start becomes a session, and is answered when that runs`() throws {
    var scene = OnDemandScene { ($0.arguments, $0.folders) = (true, ["/srv/a"]) }
    scene.hello()
    let effects = scene.read(
      OnDemandLines.control(
        3,
        #"{"action":"start","agent":"claude","args":["-v"],"cwd":"/srv/a","prompt":"do it","sessionId":"s1","title":"t"}"#
      ))
    guard case .start(let start) = effects.first else { return #expect(effects == []) }
    #expect(effects.count == 1)
    #expect(
      (start.seq, start.session, start.agent, start.folder) == (3, "s1", "claude", "/srv/a")
        && (start.arguments, start.prompt, start.title, start.isSession) == (["-v"], "do it", "t", true))
    // What runs may not start others.
    #expect(start.policy.agents == [] && start.policy.prompts && !start.policy.allowsStart)
    #expect(scene.machine.running == 1)
    scene.machine.sessionStarted(start, wall: 7)
    #expect(scene.done() == [.note("session s1: claude in /srv/a"), .answer(3)])
    scene.machine.partEnded(3, .spawn, .exited(code: 2), at: scene.now)
    #expect(scene.done() == [] && !scene.machine.isOver(3))
    scene.machine.partEnded(3, .tunnel, .exited(code: 0), at: scene.now)
    #expect(scene.done() == [.note("session s1 ended, status 2")])
    #expect(scene.machine.isOver(3) && scene.machine.running == 0)
  }

  @Test(arguments: [
    (#"{"action":"start","agent":"codex","sessionId":"s"}"#, "this agent is not allowed here (allow: agents)"),
    (#"{"action":"start","sessionId":"s"}"#, "no agent is named"),
    (#"{"action":"start","agent":"make"}"#, "no sessionId is given"),
    (#"{"action":"start","agent":"make","sessionId":"../s"}"#, "sessionId must be a session's name"),
    (
      #"{"action":"start","agent":"make","sessionId":"s","args":["x"]}"#,
      "arguments are not allowed here (allow: arguments)"
    ),
    (
      #"{"action":"start","agent":"make","sessionId":"s","cwd":"/etc"}"#,
      "another folder is not allowed here (allow: folders)"
    ),
    (#"{"action":"start","agent":"make","sessionId":"s","cwd":"etc"}"#, "cwd must be an absolute path"),
    (#"{"action":"start","agent":"make","sessionId":"s","prompt":"p"}"#, "prompts need session mode"),
    (#"{"action":"stop"}"#, "no agent runs here: only start is taken"),
    (#"{"action":"prompt","text":"p"}"#, "no agent runs here: only start is taken"),
    (#"{"action":"fly"}"#, "there is no such action"),
    (#"{}"#, "no action is given"),
  ])
  func `what can't be done is refused with the reason`(payload: String, reason: String) {
    var scene = OnDemandScene()
    #expect(scene.read(OnDemandLines.control(1, payload)) == .refusal(1, reason))
    #expect(scene.machine.running == 0)
  }

  @Test func `an agent for many prompts that nobody may prompt is refused`() {
    var scene = OnDemandScene { $0.prompts = false }
    #expect(
      scene.read(OnDemandLines.start(1, "a", agent: "claude"))
        == .refusal(1, "prompts are not allowed here (allow: prompts)"))
    #expect(scene.read(OnDemandLines.start(2, "b")).count == 1)
  }

  @Test func `what an agent's settings rule out is refused`() {
    var scene = OnDemandScene { $0.agents += ["broken"] }
    #expect(scene.read(OnDemandLines.start(1, "a", agent: "broken")) == .refusal(1, "its settings are broken"))
    let prompted = #"{"action":"start","agent":"claude","sessionId":"a","prompt":"-"}"#
    #expect(scene.read(OnDemandLines.control(2, prompted)) == .refusal(2, "no such prompt"))
    var reading = OnDemandScene(readsInput: true)
    #expect(reading.read(OnDemandLines.start(1, "a")) == .refusal(1, "raw input is not allowed here (allow: input)"))
    #expect(reading.read(OnDemandLines.start(2, "b", agent: "claude")).count == 1)
    var writing = OnDemandScene(readsInput: true) { $0.input = true }
    #expect(writing.read(OnDemandLines.start(1, "a")).count == 1)
  }

  @Test func `what may be started is asked at each start`() throws {
    var scene = OnDemandScene()
    try scene.run(1, "a")
    scene.policy = .failure(ControlRefusal("it can't be known"))
    #expect(scene.read(OnDemandLines.start(2, "b")) == .refusal(2, "it can't be known"))
    scene.policy = .success(ControlPolicy())
    #expect(
      scene.read(OnDemandLines.start(3, "b")) == .refusal(3, "starting an agent is not allowed here (allow: agents)"))
  }

  @Test func `a restart is nobody's`() {
    var scene = OnDemandScene { ($0.agents, $0.restart) = ([], true) }
    #expect(
      scene.read(OnDemandLines.start(1, "a", agent: "claude"))
        == .refusal(1, "starting an agent is not allowed here (allow: agents)"))
  }

  @Test func `a number is taken once`() throws {
    var scene = OnDemandScene()
    try scene.run(5, "a")
    #expect(scene.read(OnDemandLines.start(5, "b") + OnDemandLines.start(4, "c")) == [])
    #expect(scene.read(OnDemandLines.start(6, "b")).count == 1)
  }

  @Test func `so many run at a time, and no name twice`() throws {
    var scene = OnDemandScene(limit: 2)
    #expect(
      scene.read(OnDemandLines.start(1, "a") + OnDemandLines.start(2, "a")).suffix(2)
        == .refusal(2, "a session of that name runs already"))
    let effects = scene.read(OnDemandLines.start(3, "b") + OnDemandLines.start(4, "c"))
    #expect(effects.suffix(2) == .refusal(4, "2 sessions run already"))
    scene.end(1)
    #expect(scene.done() == [.note("session a ended")])
    #expect(scene.read(OnDemandLines.start(5, "a")).count == 1)
    var one = OnDemandScene(limit: 1)
    try one.run(1, "a")
    #expect(one.read(OnDemandLines.start(2, "b")) == .refusal(2, "1 session runs already"))
  }

  @Test func `one that can't be started leaves room and is refused`() {
    var scene = OnDemandScene(limit: 1)
    guard case .start(let start)? = scene.read(OnDemandLines.start(1, "a")).first else { return #expect(Bool(false)) }
    scene.machine.sessionNotStarted(start, "no memory", at: scene.now, wall: 7)
    #expect(scene.done() == [.warn("session a: no memory"), .answer(1, refused: "it can't be started: no memory")])
    #expect(scene.machine.running == 0)
  }

  @Test func `lines come in pieces, and bad ones are told`() {
    var scene = OnDemandScene()
    let line = OnDemandLines.start(1, "a")
    #expect(scene.read(String(line.prefix(20))) == [])
    #expect(scene.read(String(line.dropFirst(20)) + "\n \r\n").count == 1)
    #expect(scene.read("no JSON\n") == [.warn("a control line is ignored: not a JSON object")])
    #expect(
      scene.read(#"{"type":"control","payload":{}}"# + "\n") == [.warn("a control line is ignored: it has no seq")])
    #expect(
      scene.read(#"{"type":"log","seq":1,"payload":{}}"# + "\n")
        == [.warn("a control line is ignored: its type is not control")])
    let long = String(repeating: "x", count: 2 << 20)
    #expect(scene.read(long + "\n") == [.warn("a control line of more than 1 MiB is ignored")])
    // What can be answered is, whatever is in it.
    #expect(scene.read(OnDemandLines.control(2, "{x}")).count == 2)
  }

  @Test func `a tunnel that failed is told`() throws {
    var scene = OnDemandScene()
    try scene.run(1, "a")
    scene.end(1, .killed(signal: 13), .exited(code: 75))
    #expect(scene.done() == [.warn("session a ended, and its ra-tunnel with status 75")])
  }
}

@Suite struct `On demand: its end` {
  @Test func `with nothing running the channel is closed`() throws {
    var scene = OnDemandScene()
    #expect(scene.signalled(15) == [.closeChannel])
    #expect(scene.channelEnds(.exited(code: 0)) == [.finish(0)])
    #expect(scene.signalled(15) == [])
  }

  @Test func `what comes while the channel is closed is refused`() throws {
    var scene = OnDemandScene()
    #expect(scene.signalled(15) == [.closeChannel])
    #expect(scene.read(OnDemandLines.start(1, "a")) == .refusal(1, "ra-run is ending on this device"))
  }

  @Test func `a channel that doesn't end is ended`() throws {
    var scene = OnDemandScene()
    _ = scene.signalled(2)
    #expect(scene.machine.deadline == scene.now + 10_000)
    #expect(try scene.next() == [.signalChannel(15)])
    #expect(scene.machine.deadline == scene.now + 5000)
    #expect(try scene.next() == [.signalChannel(9)])
    #expect(scene.channelEnds(.killed(signal: 9)) == [.finish(0)])
  }

  @Test func `sessions get the signal, no more are started, and the channel goes last`() throws {
    var scene = OnDemandScene()
    try scene.run(1, "a")
    try scene.run(2, "b")
    scene.machine.partEnded(2, .spawn, .exited(code: 0), at: scene.now)
    #expect(
      scene.signalled(15)
        == [
          .note("2 sessions end; again, and nothing is waited for"), .signal(1, .spawn, 15), .signal(2, .tunnel, 15),
        ])
    #expect(scene.read(OnDemandLines.start(3, "c")) == .refusal(3, "ra-run is ending on this device"))
    scene.machine.partEnded(2, .tunnel, .exited(code: 0), at: scene.now)
    scene.end(1, .killed(signal: 15))
    #expect(
      scene.done() == [.note("session b ended"), .note("session a ended, status 143"), .closeChannel])
    #expect(scene.channelEnds(.exited(code: 0)) == [.finish(0)])
  }

  @Test func `a second signal means all`() throws {
    var scene = OnDemandScene()
    try scene.run(1, "a")
    _ = scene.signalled(2)
    scene.now += 199
    #expect(scene.signalled(2) == [])
    scene.now += 1
    #expect(scene.signalled(15) == [.signal(1, .spawn, 15), .signal(1, .tunnel, 15)])
    scene.end(1, .killed(signal: 9), .killed(signal: 15))
    #expect(scene.done().last == .closeChannel)
    scene.now += 200
    #expect(scene.signalled(15) == [.signalChannel(15)])
    #expect(scene.channelEnds(.killed(signal: 15)) == [.finish(143)])
  }

  @Test func `a channel that is away needs no closing, and one that goes meanwhile is not opened again`() throws {
    var scene = OnDemandScene()
    try scene.run(1, "a")
    _ = scene.signalled(15)
    _ = scene.channelEnds(.killed(signal: 9))
    scene.end(1)
    #expect(scene.done() == [.note("session a ended"), .finish(0)])
    var other = OnDemandScene()
    _ = other.channelEnds(.killed(signal: 9))
    #expect(other.signalled(15) == [.finish(0)])
  }
}
