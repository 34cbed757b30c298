import CPosix
import Glibc
package import RemoteAgentCore
import Synchronization

/// What to run, found and ready.
package struct AgentCommand: Sendable, Equatable {
  /// The executable's file; it is looked up nowhere.
  package let path: String
  /// Its arguments, the name it is called by first.
  package let arguments: [String]
  /// Its working folder; nil: ours.
  package let folder: String?

  package init(path: String, arguments: [String], folder: String? = nil) {
    self.path = path
    self.arguments = arguments
    self.folder = folder
  }
}

/// An agent with its guard and the guard's keeper: processes of their own, in C and forked without exec, that start the
/// agent and, whatever happens to us or to one of them, end it and all that descends from it (cposix_guard.h has the rules).
///
/// Forked and not run anew from /proc/self/exe: no hidden option that anybody could call, no start-up time, no executable
/// that must still be there; and as it makes async-signal-safe calls only, any of our programs and tests can do it.
/// Watch `descriptor` for `.read` until an event says that it is over.
package final class GuardedAgent {
  package enum Event: Sendable, Equatable {
    case started(processID: Int32)
    /// The agent's folder can't be entered. The last event.
    case noFolder(errno: Int32)
    /// The agent can't be executed. The last event.
    case notStarted(errno: Int32)
    /// The agent itself ended; what it left behind goes on until `end`.
    case exited(WaitStatus)
    /// Nothing of the tree is left, save `survivors` that we may not end. The last event.
    case gone(survivors: Int)
    /// Somebody killed the guard or its keeper. What the guard had started is ended by now; if both were killed and we
    /// don't adopt orphans only the agent is, and what it started may live on. The agent's status, if it is known and
    /// wasn't told before. The last event.
    case lost(WaitStatus?, survivors: Int)
  }

  /// In milliseconds: what can't be ended for so long is left.
  private static let giveUp: Milliseconds = 5000

  private let keeperID: Int32
  private let adoptsOrphans: Bool
  /// 0 before it is started, and once it was waited for.
  private var agentID: Int32 = 0
  /// The guard's socket; -1 when it is over.
  package private(set) var descriptor: Int32

  /// Starts the guard, which starts the agent; whether that went well is an event.
  ///
  /// - Parameters:
  ///   - descriptors: the agent's standard input, output and error; they stay open here.
  ///   - adoptsOrphans: whether, should somebody kill guard and keeper, their orphans come to us and are ended; only for a
  ///     process that has no other children, save those that it had before its first agent.
  package init(
    _ command: AgentCommand, descriptors: (Int32, Int32, Int32), adoptsOrphans: Bool
  ) throws(ProcessError) {
    self.adoptsOrphans = adoptsOrphans
    if adoptsOrphans { GuardedAgent.waitForInherited() }
    guard !adoptsOrphans || cposix_become_subreaper() == 0 else {
      throw ProcessError(tried: "becoming a subreaper", errno: errno)
    }
    var socket: Int32 = -1
    keeperID = CStrings.with(command.arguments) { arguments in
      CStrings.with(optional: command.folder) { folder in
        command.path.withCString { path in
          var agent = cposix_agent(
            path: path, arguments: arguments, environment: environ, folder: folder, descriptors: descriptors)
          return cposix_guard_start(&agent, &socket)
        }
      }
    }
    guard keeperID > 0 else { throw ProcessError(tried: "starting the guard", errno: errno) }
    descriptor = socket
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Sends a signal to the agent's process group; nothing happens if the agent has ended.
  package func send(signal: Int32) { tell(CPOSIX_GUARD_SIGNAL, signal) }

  /// Ends the agent and all that descends from it: SIGTERM, and SIGKILL after `grace` or at once if that is 0.
  package func end(grace: Milliseconds) { tell(CPOSIX_GUARD_END, Int32(clamping: grace)) }

  private func tell(_ kind: cposix_guard_kind, _ value: Int32) {
    var message = cposix_guard_message(kind: Int32(kind.rawValue), value: value, status: -1)
    // A guard that is gone says so by an event.
    _ = Glibc.send(descriptor, &message, MemoryLayout.size(ofValue: message), Int32(MSG_NOSIGNAL))
  }

  /// What the guard told next; nil if there is nothing now.
  package func nextEvent() -> Event? {
    guard descriptor >= 0 else { return nil }
    var message = cposix_guard_message()
    var count = recv(descriptor, &message, MemoryLayout.size(ofValue: message), 0)
    // A guard that ended with a message of ours unread: the socket says so once, before what was told.
    if count < 0, errno == ECONNRESET { count = recv(descriptor, &message, MemoryLayout.size(ofValue: message), 0) }
    if count < 0, errno == EAGAIN || errno == EINTR { return nil }
    guard count == MemoryLayout.size(ofValue: message) else { return lost() }
    if adoptsOrphans { GuardedAgent.waitForInherited() }
    switch message.kind {
    case Int32(CPOSIX_GUARD_STARTED.rawValue):
      agentID = message.value
      return .started(processID: message.value)
    case Int32(CPOSIX_GUARD_EXITED.rawValue):
      agentID = 0
      return .exited(WaitStatus(rawValue: message.value))
    case Int32(CPOSIX_GUARD_NO_FOLDER.rawValue): return over(.noFolder(errno: message.value))
    case Int32(CPOSIX_GUARD_NO_START.rawValue): return over(.notStarted(errno: message.value))
    case Int32(CPOSIX_GUARD_GONE.rawValue): return over(.gone(survivors: Int(message.value)))
    case Int32(CPOSIX_GUARD_LOST.rawValue):
      return over(.lost(Self.status(message.status), survivors: Int(message.value)))
    default: return lost()
    }
  }

  private func over(_ event: Event) -> Event {
    waitForKeeper()
    agentID = 0
    // Of two one may have been killed while it ended, and the other is ours then.
    if adoptsOrphans, !event.hasSurvivors { _ = endOrphans() }
    return event
  }

  /// Neither is there any more.
  private func lost() -> Event {
    waitForKeeper()
    guard adoptsOrphans else { return .lost(nil, survivors: 0) }
    let (survivors, status) = endOrphans()
    return .lost(Self.status(status), survivors: survivors)
  }

  /// Ends what has come to us, and waits for it, 5 s at most; returns how many are left, and the agent's status if it was
  /// among them, else -1.
  private func endOrphans() -> (left: Int, status: Int32) {
    guard !ProcessTree.inheritsAll else { return (0, endGroup()) }
    var status: Int32 = -1
    return GuardedAgent.inherited.withLock { inherited in
      var count = Int32(inherited.count)
      let left = cposix_end_descendants(Int32(GuardedAgent.giveUp), agentID, &status, &inherited, &count)
      inherited.removeLast(inherited.count - Int(count))
      return (Int(left), status)
    }
  }

  /// Where all that anybody leaves comes to us, only the agent and its group are surely its: ends these, waits for the agent,
  /// and for what has ended besides. Returns the agent's status, or -1.
  private func endGroup() -> Int32 {
    var status: Int32 = -1
    if agentID > 0 {
      kill(-agentID, SIGKILL)
      let deadline = BootClock.now + GuardedAgent.giveUp
      while waitpid(agentID, &status, WNOHANG) == 0, BootClock.now < deadline { poll(nil, 0, 10) }
    }
    _ = GuardedAgent.inherited.withLock { ProcessTree.children(sparing: $0) }
    return status
  }

  /// Children that this process has had from its beginning, as one that a shell became by exec(3): none of the agent's.
  private static let inherited = Mutex(ProcessTree.children())

  /// A number that is free may be an orphan's next.
  private static func waitForInherited() {
    inherited.withLock { $0.removeAll { waitpid($0, nil, WNOHANG) != 0 } }
  }

  private func waitForKeeper() {
    close(descriptor)
    descriptor = -1
    // It ends right after the last message, if nobody has stopped it.
    kill(keeperID, SIGCONT)
    var status: Int32 = 0
    while waitpid(keeperID, &status, 0) < 0, errno == EINTR {}
  }

  private static func status(_ rawValue: Int32) -> WaitStatus? { rawValue >= 0 ? WaitStatus(rawValue: rawValue) : nil }
}

extension GuardedAgent.Event {
  fileprivate var hasSurvivors: Bool {
    switch self {
    case .gone(let survivors), .lost(_, let survivors): survivors > 0
    case .started, .noFolder, .notStarted, .exited: false
    }
  }
}
