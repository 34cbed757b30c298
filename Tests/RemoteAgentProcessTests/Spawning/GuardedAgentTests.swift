import Glibc
import RemoteAgentProcess
import Testing

struct GuardedAgentTests {
  @Test func `what a guard told is heard, although it ended before it read our last messages`() throws {
    var polling = try PollSet()
    let input = try Descriptor.pipe()
    defer { close(input.writing) }
    let command = AgentCommand(path: "/bin/sh", arguments: ["sh", "-c", "read line; exit 3"], folder: nil)
    let agent = try GuardedAgent(command, descriptors: (input.reading, 2, 2), adoptsOrphans: false)
    close(input.reading)
    guard case .started(let agentID) = try next(of: agent, &polling) else {
      Issue.record("the agent was not started")
      return
    }
    let guardID = try number(4, of: agentID)
    defer { if agent.descriptor >= 0 { kill(guardID, SIGKILL) } }
    // Stopped, it finds all of them at once, and the agent dead: it reads one and ends.
    kill(guardID, SIGSTOP)
    try waitFor("the guard to stop", &polling) { try state(of: guardID) == "T" }
    #expect(write(input.writing, "\n", 1) == 1)
    try waitFor("the agent to end", &polling) { try state(of: agentID) == "Z" }
    for _ in 0..<3 { agent.send(signal: SIGTERM) }
    kill(guardID, SIGCONT)
    try waitFor("the guard to end", &polling) { try state(of: guardID) == "Z" }
    try #expect(next(of: agent, &polling) == .exited(.exited(code: 3)))
    try #expect(next(of: agent, &polling) == .gone(survivors: 0))
    #expect(agent.descriptor == -1)
  }

  @Test func `a guard that is killed is told as lost`() throws {
    var polling = try PollSet()
    let input = try Descriptor.pipe()
    defer { close(input.writing) }
    let command = AgentCommand(path: "/bin/sh", arguments: ["sh", "-c", "read line; exit 3"], folder: nil)
    let agent = try GuardedAgent(command, descriptors: (input.reading, 2, 2), adoptsOrphans: false)
    close(input.reading)
    guard case .started(let agentID) = try next(of: agent, &polling) else {
      Issue.record("the agent was not started")
      return
    }
    let guardID = try number(4, of: agentID)
    defer { if agent.descriptor >= 0 { kill(guardID, SIGKILL) } }
    kill(guardID, SIGSTOP)
    try waitFor("the guard to stop", &polling) { try state(of: guardID) == "T" }
    // Unread too: it may not hide that the guard is lost.
    agent.send(signal: SIGCONT)
    kill(guardID, SIGKILL)
    try #expect(next(of: agent, &polling) == .lost(nil, survivors: 0))
  }

  private func next(of agent: GuardedAgent, _ polling: inout PollSet) throws -> GuardedAgent.Event? {
    let deadline = BootClock.now + 20_000
    while BootClock.now < deadline {
      if let event = agent.nextEvent() { return event }
      polling.watch(agent.descriptor, for: .read)
      try polling.wait(until: deadline)
    }
    return nil
  }

  private func waitFor(_ what: String, _ polling: inout PollSet, until condition: () throws -> Bool) throws {
    let deadline = BootClock.now + 20_000
    while try !condition() {
      try #require(BootClock.now < deadline, "waited in vain for \(what)")
      try polling.wait(until: BootClock.now + 5)
    }
  }

  private func state(of process: Int32) throws -> String { try field(3, of: process) }

  private func number(_ index: Int, of process: Int32) throws -> Int32 {
    try #require(Int32(try field(index, of: process)))
  }

  /// A field of a process's /proc stat, counted from 1 as proc(5) does; from the third.
  private func field(_ index: Int, of process: Int32) throws -> String {
    let text = String(decoding: try AtomicFile.read("/proc/\(process)/stat"), as: UTF8.self)
    let fields = try #require(text.split(separator: ")").last).split(separator: " ")
    return String(fields[index - 3])
  }
}
