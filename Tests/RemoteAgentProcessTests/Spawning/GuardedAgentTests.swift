import Glibc
import RemoteAgentProcess
import Testing

/// An agent that ends with 3 after a line of input, its guard, which is stopped, and its keeper.
final class GuardedAgentTests {
  private var polling: PollSet
  private let input: Int32
  private let agent: GuardedAgent
  private let agentID: Int32
  private let guardID: Int32
  private let keeperID: Int32

  init() throws {
    var polling = try PollSet()
    let input = try Descriptor.pipe()
    defer { close(input.reading) }
    let command = AgentCommand(path: "/bin/sh", arguments: ["sh", "-c", "read line; exit 3"], folder: nil)
    let agent = try GuardedAgent(command, descriptors: (input.reading, 2, 2), adoptsOrphans: false)
    let event = try Self.next(of: agent, &polling)
    guard case .started(let agentID) = event else {
      close(input.writing)
      throw ProcessError(tried: "starting the agent: \(String(describing: event))", errno: ECHILD)
    }
    let guardID = try #require(Int32(try Self.field(4, of: agentID)))
    keeperID = try #require(Int32(try Self.field(4, of: guardID)))
    kill(guardID, SIGSTOP)
    self.polling = polling
    self.input = input.writing
    self.agent = agent
    self.agentID = agentID
    self.guardID = guardID
  }

  deinit {
    close(input)
    if agent.descriptor >= 0 { kill(guardID, SIGKILL) }
  }

  @Test func `what a guard told is heard, although it ended before it read our last messages`() throws {
    // It finds all of them at once, and the agent dead: it reads one and ends.
    try waitFor("the guard to stop") { try state(of: guardID) == "T" }
    #expect(write(input, "\n", 1) == 1)
    try waitFor("the agent to end") { try state(of: agentID) == "Z" }
    for _ in 0..<3 { agent.send(signal: SIGTERM) }
    kill(guardID, SIGCONT)
    try waitFor("the guard to end") { (try? state(of: guardID)) == nil }
    try waitFor("the keeper to end") { try state(of: keeperID) == "Z" }
    try #expect(Self.next(of: agent, &polling) == .exited(.exited(code: 3)))
    try #expect(Self.next(of: agent, &polling) == .gone(survivors: 0))
    #expect(agent.descriptor == -1)
  }

  @Test func `a guard that is killed is told as lost, with how its agent ended`() throws {
    try waitFor("the guard to stop") { try state(of: guardID) == "T" }
    // Unread too: it may not hide that the guard is lost.
    agent.send(signal: SIGCONT)
    kill(guardID, SIGKILL)
    try #expect(Self.next(of: agent, &polling) == .lost(.killed(signal: SIGKILL), survivors: 0))
    #expect((try? state(of: agentID)) == nil)
  }

  @Test func `a keeper that is killed is told as lost, with how its agent ended`() throws {
    kill(guardID, SIGCONT)
    kill(keeperID, SIGKILL)
    try #expect(Self.next(of: agent, &polling) == .lost(.killed(signal: SIGKILL), survivors: 0))
    #expect((try? state(of: agentID)) == nil)
  }

  @Test func `an agent that had ended before its guard was killed is told once`() throws {
    kill(guardID, SIGCONT)
    #expect(write(input, "\n", 1) == 1)
    try #expect(Self.next(of: agent, &polling) == .exited(.exited(code: 3)))
    try #expect(Self.next(of: agent, &polling) == .gone(survivors: 0))
  }

  @Test func `a guard and a keeper that are killed are told as lost`() throws {
    kill(keeperID, SIGSTOP)
    try waitFor("the keeper to stop") { try state(of: keeperID) == "T" }
    kill(guardID, SIGKILL)
    kill(keeperID, SIGKILL)
    try #expect(Self.next(of: agent, &polling) == .lost(nil, survivors: 0))
    try waitFor("the agent to end") { (try? state(of: agentID)).map { $0 == "Z" } ?? true }
  }

  @Test func `a keeper that is stopped holds up nothing`() throws {
    kill(keeperID, SIGSTOP)
    kill(guardID, SIGCONT)
    try waitFor("the keeper to stop") { try state(of: keeperID) == "T" }
    #expect(write(input, "\n", 1) == 1)
    try #expect(Self.next(of: agent, &polling) == .exited(.exited(code: 3)))
    try #expect(Self.next(of: agent, &polling) == .gone(survivors: 0))
  }

  private static func next(of agent: GuardedAgent, _ polling: inout PollSet) throws -> GuardedAgent.Event? {
    let deadline = BootClock.now + 20_000
    while BootClock.now < deadline {
      if let event = agent.nextEvent() { return event }
      polling.watch(agent.descriptor, for: .read)
      try polling.wait(until: deadline)
    }
    return nil
  }

  private func waitFor(_ what: String, until condition: () throws -> Bool) throws {
    let deadline = BootClock.now + 20_000
    while try !condition() {
      try #require(BootClock.now < deadline, "waited in vain for \(what)")
      try polling.wait(until: BootClock.now + 5)
    }
  }

  private func state(of process: Int32) throws -> String { try Self.field(3, of: process) }

  /// A field of a process's /proc stat, counted from 1 as proc(5) does; from the third.
  private static func field(_ index: Int, of process: Int32) throws -> String {
    let text = String(decoding: try AtomicFile.read("/proc/\(process)/stat"), as: UTF8.self)
    let fields = try #require(text.split(separator: ")").last).split(separator: " ")
    return String(fields[index - 3])
  }
}
