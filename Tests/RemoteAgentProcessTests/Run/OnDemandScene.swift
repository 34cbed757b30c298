import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// A machine that may run claude (many prompts) and `make` (one run), with what it was told and wanted done.
struct OnDemandScene {
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
    let effects = read(OnDemandLines.start(seq, name, agent: agent))
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

/// Lines as the hub sends them on the device channel.
enum OnDemandLines {
  static func control(_ seq: Int64, _ payload: String) -> String {
    "{\"type\":\"control\",\"seq\":\(seq),\"ts\":1,\"payload\":\(payload)}\n"
  }

  static func start(_ seq: Int64, _ name: String, agent: String = "make") -> String {
    control(seq, #"{"action":"start","agent":"\#(agent)","sessionId":"\#(name)"}"#)
  }
}

extension OnDemand.Effect {
  /// What the hub is told of a control.
  static func answer(_ seq: Int64, refused reason: String? = nil) -> Self {
    let result = reason.map { #""refused","reason":"\#($0)""# } ?? #""applied""#
    return .tell(
      Array(
        "{\"type\":\"status\",\"ts\":7,\"payload\":{\"state\":\"control\",\"seq\":\(seq),\"result\":\(result)}}\n".utf8)
    )
  }
}

extension [OnDemand.Effect] {
  static func refusal(_ seq: Int64, _ reason: String) -> Self {
    [.note("control \(seq) is refused: \(reason)"), .answer(seq, refused: reason)]
  }
}
