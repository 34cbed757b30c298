import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// A machine that may run claude (many prompts) and `make` (one run), with what it was told and wanted done.
private struct Scene {
  var machine: OnDemand
  var now = 1000 as Milliseconds
  var policy: Result<ControlPolicy, ControlRefusal>
  private var random = Most()

  /// Always the most.
  private struct Most: RandomNumberGenerator {
    mutating func next() -> UInt64 { .max }
  }

  init(
    limit: Int = 4, readsInput: Bool = false, drainsLeft: Bool = false,
    _ change: (inout ControlPolicy) -> Void = { _ in }
  ) {
    machine = OnDemand(folder: "/home/me", limit: limit, readsInput: readsInput, drainsLeft: drainsLeft) {
      ["/home/me", "/srv/a"].contains($0) ? $0 : nil
    } hasSessionMode: { agent, prompt throws(ControlRefusal) in
      guard agent != "broken" else { throw ControlRefusal("its settings are broken") }
      guard prompt != "-" else { throw ControlRefusal("no such prompt") }
      return agent == "claude"
    }
    var policy = ControlPolicy()
    policy.agents = ["claude", "make"]
    change(&policy)
    self.policy = .success(policy)
    machine.begin()
    #expect(done() == [.openChannel])
  }

  mutating func done() -> [OnDemand.Effect] {
    var effects: [OnDemand.Effect] = []
    while let effect = machine.nextEffect() { effects.append(effect) }
    return effects
  }

  /// What the channel's tunnel writes, and what comes of it.
  mutating func read(_ text: String) -> [OnDemand.Effect] {
    let policy = policy
    Array(text.utf8).withUnsafeBytes { machine.channelRead($0, at: now, wall: 7) { policy } }
    return done()
  }

  /// The hub's word, and the answers that it brings.
  @discardableResult mutating func hello(_ client: String = "c_1") -> [OnDemand.Effect] {
    let effects = read(#"{"type":"hello","payload":{"clientId":"\#(client)"}}"# + "\n")
    #expect(effects.first == .note("agents can be started from the hub"))
    return Array(effects.dropFirst())
  }

  /// A session that runs.
  @discardableResult mutating func run(_ seq: Int64, _ name: String, agent: String = "make") throws -> OnDemand.Start {
    let effects = read(start(seq, name, agent: agent))
    guard case .start(let start)? = effects.first else { throw ControlRefusal("\(effects)") }
    machine.sessionStarted(start, wall: 7)
    _ = done()
    return start
  }

  mutating func end(_ seq: Int64, _ spawn: WaitStatus = .exited(code: 0), _ tunnel: WaitStatus = .exited(code: 0)) {
    machine.partEnded(seq, .spawn, spawn, at: now)
    machine.partEnded(seq, .tunnel, tunnel, at: now)
  }

  mutating func channelEnds(_ status: WaitStatus) -> [OnDemand.Effect] {
    machine.channelEnded(status, at: now, using: &random)
    return done()
  }

  mutating func drainEnds(_ status: WaitStatus) -> [OnDemand.Effect] {
    machine.drainEnded(status, at: now)
    return done()
  }

  mutating func channelIsNotStarted(_ message: String) -> [OnDemand.Effect] {
    machine.channelNotStarted(message, at: now, using: &random)
    return done()
  }

  mutating func signalled(_ number: Int32) -> [OnDemand.Effect] {
    machine.signalled(number, at: now)
    return done()
  }

  /// Time goes on to what is due next.
  mutating func next() throws -> [OnDemand.Effect] {
    now = try #require(machine.deadline)
    machine.timePassed(at: now)
    return done()
  }
}

private func control(_ seq: Int64, _ payload: String) -> String {
  "{\"type\":\"control\",\"seq\":\(seq),\"ts\":1,\"payload\":\(payload)}\n"
}

private func start(_ seq: Int64, _ name: String, agent: String = "make") -> String {
  control(seq, #"{"action":"start","agent":"\#(agent)","sessionId":"\#(name)"}"#)
}

private func answer(_ seq: Int64, refused reason: String? = nil) -> OnDemand.Effect {
  let result = reason.map { #""refused","reason":"\#($0)""# } ?? #""applied""#
  return .tell(
    Array(
      "{\"type\":\"status\",\"ts\":7,\"payload\":{\"state\":\"control\",\"seq\":\(seq),\"result\":\(result)}}\n".utf8))
}

private func refusal(_ seq: Int64, _ reason: String) -> [OnDemand.Effect] {
  [.note("control \(seq) is refused: \(reason)"), answer(seq, refused: reason)]
}

@Suite struct `On demand` {
  @Test func `a start becomes a session, and is answered when that runs`() throws {
    var scene = Scene { ($0.arguments, $0.folders) = (true, ["/srv/a"]) }
    scene.hello()
    let effects = scene.read(
      control(
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
    #expect(scene.done() == [.note("session s1: claude in /srv/a"), answer(3)])
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
    var scene = Scene()
    #expect(scene.read(control(1, payload)) == refusal(1, reason))
    #expect(scene.machine.running == 0)
  }

  @Test func `an agent for many prompts that nobody may prompt is refused`() {
    var scene = Scene { $0.prompts = false }
    #expect(scene.read(start(1, "a", agent: "claude")) == refusal(1, "prompts are not allowed here (allow: prompts)"))
    #expect(scene.read(start(2, "b")).count == 1)
  }

  @Test func `what an agent's settings rule out is refused`() {
    var scene = Scene { $0.agents += ["broken"] }
    #expect(scene.read(start(1, "a", agent: "broken")) == refusal(1, "its settings are broken"))
    let prompted = #"{"action":"start","agent":"claude","sessionId":"a","prompt":"-"}"#
    #expect(scene.read(control(2, prompted)) == refusal(2, "no such prompt"))
    var reading = Scene(readsInput: true)
    #expect(reading.read(start(1, "a")) == refusal(1, "raw input is not allowed here (allow: input)"))
    #expect(reading.read(start(2, "b", agent: "claude")).count == 1)
    var writing = Scene(readsInput: true) { $0.input = true }
    #expect(writing.read(start(1, "a")).count == 1)
  }

  @Test func `what may be started is asked at each start`() throws {
    var scene = Scene()
    try scene.run(1, "a")
    scene.policy = .failure(ControlRefusal("it can't be known"))
    #expect(scene.read(start(2, "b")) == refusal(2, "it can't be known"))
    scene.policy = .success(ControlPolicy())
    #expect(scene.read(start(3, "b")) == refusal(3, "starting an agent is not allowed here (allow: agents)"))
  }

  @Test func `a restart is nobody's`() {
    var scene = Scene { ($0.agents, $0.restart) = ([], true) }
    #expect(
      scene.read(start(1, "a", agent: "claude"))
        == refusal(1, "starting an agent is not allowed here (allow: agents)"))
  }

  @Test func `a number is taken once`() throws {
    var scene = Scene()
    try scene.run(5, "a")
    #expect(scene.read(start(5, "b") + start(4, "c")) == [])
    #expect(scene.read(start(6, "b")).count == 1)
  }

  @Test func `so many run at a time, and no name twice`() throws {
    var scene = Scene(limit: 2)
    #expect(scene.read(start(1, "a") + start(2, "a")).suffix(2) == refusal(2, "a session of that name runs already"))
    let effects = scene.read(start(3, "b") + start(4, "c"))
    #expect(effects.suffix(2) == refusal(4, "2 sessions run already"))
    scene.end(1)
    #expect(scene.done() == [.note("session a ended")])
    #expect(scene.read(start(5, "a")).count == 1)
    var one = Scene(limit: 1)
    try one.run(1, "a")
    #expect(one.read(start(2, "b")) == refusal(2, "1 session runs already"))
  }

  @Test func `one that can't be started leaves room and is refused`() {
    var scene = Scene(limit: 1)
    guard case .start(let start)? = scene.read(start(1, "a")).first else { return #expect(Bool(false)) }
    scene.machine.sessionNotStarted(start, "no memory", at: scene.now, wall: 7)
    #expect(scene.done() == [.warn("session a: no memory"), answer(1, refused: "it can't be started: no memory")])
    #expect(scene.machine.running == 0)
  }

  @Test func `lines come in pieces, and bad ones are told`() {
    var scene = Scene()
    let line = start(1, "a")
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
    #expect(scene.read(control(2, "{x}")).count == 2)
  }

  @Test func `a tunnel that failed is told`() throws {
    var scene = Scene()
    try scene.run(1, "a")
    scene.end(1, .killed(signal: 13), .exited(code: 75))
    #expect(scene.done() == [.warn("session a ended, and its ra-tunnel with status 75")])
  }
}

@Suite struct `On demand: the channel` {
  @Test func `it is opened again, at first at once, and told all answers anew`() throws {
    var scene = Scene()
    scene.hello()
    try scene.run(1, "a")
    #expect(
      scene.channelEnds(.killed(signal: 9))
        == [.warn("the device channel's ra-tunnel ended (status 137); it is opened again")])
    #expect(scene.machine.deadline == scene.now)
    // While it is away answers wait.
    scene.end(1)
    #expect(scene.done() == [.note("session a ended")])
    #expect(try scene.next() == [.openChannel])
    #expect(scene.hello() == [answer(1)])
    #expect(scene.machine.deadline == nil)
    #expect(scene.read(start(1, "a")) == [])
    try scene.run(2, "b")
    #expect(scene.channelEnds(.exited(code: 0)).count == 1)
    #expect(try scene.next() == [.openChannel])
    #expect(scene.hello() == [answer(1), answer(2)])
  }

  @Test func `of a device that was paired again the numbers begin anew`() throws {
    var scene = Scene()
    scene.hello("c_1")
    try scene.run(1, "a")
    try scene.run(2, "b")
    scene.end(2)
    _ = scene.channelEnds(.exited(code: 0))
    _ = try scene.next()
    // Nothing is told of controls that had these numbers before.
    #expect(scene.hello("c_2") == [])
    let reason = "the device was paired again, and a session from before that has this number; try again"
    #expect(scene.read(start(1, "c")) == refusal(1, reason))
    #expect(scene.read(start(2, "d")).count == 1)
    #expect(scene.machine.running == 2)
  }

  @Test func `no more than 64 answers are kept, the latest`() throws {
    var scene = Scene(limit: 1)
    for seq in 1...70 as ClosedRange<Int64> { _ = scene.read(control(seq, "{}")) }
    _ = scene.channelEnds(.killed(signal: 9))
    _ = try scene.next()
    let told = scene.hello()
    #expect(told.count == 64)
    #expect(told.first == answer(7, refused: "no action is given"))
  }

  @Test(arguments: [64, 76, 77, 78, 127] as [Int32])
  func `what another try would not change ends all, after what runs`(status: Int32) throws {
    var scene = Scene()
    scene.hello()
    try scene.run(1, "a")
    let words = "no agents are started any more: ra-tunnel --device-channel ended with status \(status)"
    #expect(scene.channelEnds(.exited(code: status)) == [.fail("\(words); 1 session run on to its end", hint: nil)])
    #expect(scene.machine.deadline == nil)
    scene.end(1)
    #expect(scene.done() == [.note("session a ended"), .finish(status)])
    var idle = Scene()
    #expect(idle.channelEnds(.exited(code: status)) == [.fail(words, hint: nil), .finish(status)])
  }

  @Test func `one that never hears of the hub is given up`() throws {
    var scene = Scene()
    var waits: [Milliseconds] = []
    for count in 1..<10 {
      #expect(scene.channelEnds(.exited(code: 70)).count == 1)
      waits.append(try #require(scene.machine.deadline) - scene.now)
      #expect(try scene.next() == [.openChannel])
      if count == 5 {
        scene.hello()
      }
    }
    #expect(waits.allSatisfy { $0 <= Backoff.cap })
    // The fifth heard of it.
    for _ in 10..<16 {
      #expect(scene.channelIsNotStarted("no memory").count == 1)
      _ = try scene.next()
    }
    let last = scene.channelEnds(.exited(code: 70))
    #expect(last.last == .finish(70))
    guard case .fail(let message, _)? = last.first else { return #expect(last == []) }
    #expect(message.contains("for the 10th time without a word of the hub"))
  }

  @Test func `a tunnel that nobody can hear any more is ended`() {
    var scene = Scene()
    scene.machine.channelRead(nil, at: scene.now, wall: 7) { .success(ControlPolicy()) }
    #expect(scene.done() == [.signalChannel(15)])
  }
}

/// What delivers what earlier sessions left.
@Suite struct `On demand: the drain` {
  private static let again = "; once more when the hub is there anew"

  private func warning(_ status: Int32, _ more: String = again) -> OnDemand.Effect {
    .warn("what earlier sessions left was not all delivered (ra-tunnel --drain: status \(status))\(more)")
  }

  /// A session whose tunnel ended so, and what came of it.
  private func leave(_ scene: inout Scene, _ seq: Int64, _ tunnel: WaitStatus) throws -> [OnDemand.Effect] {
    try scene.run(seq, "s\(seq)")
    scene.end(seq, .exited(code: 0), tunnel)
    return Array(scene.done().dropFirst())
  }

  private func hello(_ scene: inout Scene) -> [OnDemand.Effect] {
    scene.read(#"{"type":"hello","payload":{"clientId":"c_1"}}"# + "\n")
  }

  @Test func `it begins with the hub's first word, once`() throws {
    var scene = Scene(drainsLeft: true)
    #expect(scene.hello() == [.drain])
    #expect(hello(&scene) == [])
    #expect(scene.drainEnds(.exited(code: 0)) == [])
    #expect(hello(&scene) == [])
    _ = scene.channelEnds(.killed(signal: 9))
    _ = try scene.next()
    #expect(scene.hello() == [])
    #expect(scene.machine.deadline == nil)
  }

  @Test func `without being asked for there is none`() throws {
    var scene = Scene()
    #expect(scene.hello() == [])
    #expect(try leave(&scene, 1, .exited(code: 75)) == [])
  }

  @Test(arguments: [.exited(code: 75), .killed(signal: 9), .exited(code: 143)] as [WaitStatus])
  func `after a session that left something there is another, one at a time`(status: WaitStatus) throws {
    var scene = Scene(drainsLeft: true)
    scene.hello()
    _ = scene.drainEnds(.exited(code: 0))
    #expect(try leave(&scene, 1, .exited(code: 0)) == [])
    #expect(try leave(&scene, 2, .exited(code: 76)) == [])
    #expect(try leave(&scene, 3, status) == [.drain])
    #expect(try leave(&scene, 4, status) == [])
    #expect(try leave(&scene, 5, status) == [])
    #expect(scene.drainEnds(.exited(code: 0)) == [.drain])
    #expect(scene.drainEnds(.exited(code: 0)) == [])
  }

  @Test func `one that had to give up comes again with the hub's next word, and not before`() throws {
    var scene = Scene(drainsLeft: true)
    scene.hello()
    for status in [75, 69] as [Int32] {
      #expect(scene.drainEnds(.exited(code: status)) == [warning(status)])
      #expect(scene.machine.deadline == nil)
      #expect(hello(&scene) == [.drain])
    }
    // A word that came meanwhile counts, once.
    #expect(hello(&scene) == [])
    #expect(scene.drainEnds(.killed(signal: 9)) == [warning(137), .drain])
    #expect(scene.drainEnds(.killed(signal: 9)) == [warning(137)])
    #expect(hello(&scene) == [.drain])
    // What another try would not change is told.
    #expect(scene.drainEnds(.exited(code: 76)) == [warning(76, "")])
    #expect(hello(&scene) == [])
  }

  @Test func `while the channel is away it waits`() throws {
    var scene = Scene(drainsLeft: true)
    scene.hello()
    _ = scene.drainEnds(.exited(code: 0))
    try scene.run(1, "a")
    _ = scene.channelEnds(.killed(signal: 9))
    scene.end(1, .exited(code: 0), .exited(code: 75))
    #expect(scene.done() == [.warn("session a ended, and its ra-tunnel with status 75")])
    #expect(try scene.next() == [.openChannel])
    #expect(scene.hello() == [answer(1), .drain])
    scene.machine.drainNotStarted("no memory", at: scene.now)
    #expect(scene.done() == [.warn("what earlier sessions left can't be delivered: no memory")])
    #expect(hello(&scene) == [.drain])
  }

  @Test func `sessions are started beside it, and at the end it goes after them`() throws {
    var scene = Scene(drainsLeft: true)
    #expect(scene.hello() == [.drain])
    try scene.run(1, "a")
    #expect(scene.signalled(15).last == .signal(1, .spawn, 15))
    scene.end(1, .killed(signal: 15))
    #expect(scene.done() == [.note("session a ended, status 143"), .signalDrain(15), .closeChannel])
    #expect(scene.channelEnds(.exited(code: 0)) == [])
    // It delivers what it has begun with, but not for long.
    #expect(scene.machine.deadline == scene.now + 2000)
    #expect(try scene.next() == [.signalDrain(15)])
    #expect(scene.machine.deadline == scene.now + 5000)
    #expect(try scene.next() == [.signalDrain(9)])
    #expect(scene.drainEnds(.killed(signal: 9)) == [.finish(0)])
  }

  @Test func `a second signal means it too, and none begins at the end`() throws {
    var scene = Scene(drainsLeft: true)
    scene.hello()
    try scene.run(1, "a")
    _ = scene.signalled(15)
    scene.now += 200
    #expect(scene.signalled(15) == [.signal(1, .spawn, 15), .signal(1, .tunnel, 15), .signalDrain(15)])
    #expect(try scene.next() == [.signalDrain(9)])
    scene.end(1, .killed(signal: 9), .exited(code: 75))
    #expect(scene.done().last == .closeChannel)
    #expect(scene.drainEnds(.killed(signal: 9)) == [])
    #expect(hello(&scene) == [])
    #expect(scene.channelEnds(.exited(code: 0)) == [.finish(143)])
  }

  @Test func `a channel that is refused ends it with the last session`() throws {
    var scene = Scene(drainsLeft: true)
    scene.hello()
    let effects = scene.channelEnds(.exited(code: 77))
    #expect(effects.suffix(1) == [.signalDrain(15)])
    #expect(scene.drainEnds(.exited(code: 77)) == [.finish(77)])
  }
}

@Suite struct `On demand: its end` {
  @Test func `with nothing running the channel is closed`() throws {
    var scene = Scene()
    #expect(scene.signalled(15) == [.closeChannel])
    #expect(scene.channelEnds(.exited(code: 0)) == [.finish(0)])
    #expect(scene.signalled(15) == [])
  }

  @Test func `what comes while the channel is closed is refused`() throws {
    var scene = Scene()
    #expect(scene.signalled(15) == [.closeChannel])
    #expect(scene.read(start(1, "a")) == refusal(1, "ra-run is ending on this device"))
  }

  @Test func `a channel that doesn't end is ended`() throws {
    var scene = Scene()
    _ = scene.signalled(2)
    #expect(scene.machine.deadline == scene.now + 10_000)
    #expect(try scene.next() == [.signalChannel(15)])
    #expect(scene.machine.deadline == scene.now + 5000)
    #expect(try scene.next() == [.signalChannel(9)])
    #expect(scene.channelEnds(.killed(signal: 9)) == [.finish(0)])
  }

  @Test func `sessions get the signal, no more are started, and the channel goes last`() throws {
    var scene = Scene()
    try scene.run(1, "a")
    try scene.run(2, "b")
    scene.machine.partEnded(2, .spawn, .exited(code: 0), at: scene.now)
    #expect(
      scene.signalled(15)
        == [
          .note("2 sessions end; again, and nothing is waited for"), .signal(1, .spawn, 15), .signal(2, .tunnel, 15),
        ])
    #expect(scene.read(start(3, "c")) == refusal(3, "ra-run is ending on this device"))
    scene.machine.partEnded(2, .tunnel, .exited(code: 0), at: scene.now)
    scene.end(1, .killed(signal: 15))
    #expect(
      scene.done() == [.note("session b ended"), .note("session a ended, status 143"), .closeChannel])
    #expect(scene.channelEnds(.exited(code: 0)) == [.finish(0)])
  }

  @Test func `a second signal means all`() throws {
    var scene = Scene()
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
    var scene = Scene()
    try scene.run(1, "a")
    _ = scene.signalled(15)
    _ = scene.channelEnds(.killed(signal: 9))
    scene.end(1)
    #expect(scene.done() == [.note("session a ended"), .finish(0)])
    var other = Scene()
    _ = other.channelEnds(.killed(signal: 9))
    #expect(other.signalled(15) == [.finish(0)])
  }
}
