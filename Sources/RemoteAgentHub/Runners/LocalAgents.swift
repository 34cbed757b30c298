import Glibc
import Logging
import RemoteAgentCore
import RemoteAgentProcess
import ServiceLifecycle
import Synchronization

/// Keeps a child that takes the starts of the hub's own device: `ra-run --on-demand`, with the rights of the hub's user.
///
/// Rules: one at a time; one that ends is started again, at once if it had run for a minute, else later and later; that of a
/// hub before this one, which was killed, goes on; one that the hub refuses (its device was revoked) is not. When the hub
/// stops it gets SIGTERM and, at the deadline, SIGKILL.
struct LocalAgents: Service {
  /// What is started.
  struct Command: Sendable, Equatable {
    let path: String
    let arguments: [String]
    var words: [String] { [path] + arguments }

    /// - Parameter agents: those that may be started whatever the settings say.
    init(path: String, agents: [String]) {
      self.path = path
      // What a child before could not deliver comes with the next session.
      arguments = ["--on-demand", "--credential-fd=3", "--drain-first"] + agents
    }
  }

  /// Ends what a hub before this one, which was killed, has left: agents are not started here any more.
  static func end(leftIn folder: String, _ logger: Logger) {
    guard let left = LocalChild(leftIn: folder) else { return }
    logger.notice("what started agents here is ended: process \(left.processID)")
    left.send(signal: SIGTERM)
    LocalChild.forget(in: folder)
  }

  /// In milliseconds: how often it is looked whether the child runs.
  private static let look: Int64 = 50
  /// In milliseconds: the least pause before one that had not run for a minute is started again.
  private static let pause: Int64 = 1_000

  let command: Command
  let folder: String
  let device: Latch<LocalDevice>
  let logger: Logger
  /// In milliseconds: SIGTERM to SIGKILL.
  let grace: Int64

  func run() async {
    let current = Current()
    await cancelWhenGracefulShutdown {
      var backoff = Backoff()
      var random = SystemRandomNumberGenerator()
      while !Task.isCancelled {
        guard let device = device.value else {
          try? await Task.sleep(for: .milliseconds(Self.look))
          continue
        }
        let startedAt = BootClock.now
        let end = await supervise(device, current)
        guard !Task.isCancelled else { return }
        if end == .status(.exited(code: ExitStatus.notPaired)) {
          logger.error("the hub's own device is refused: agents are started here again when the hub is started anew")
          try? await gracefulShutdown()
          return
        }
        let hasRun = BootClock.now - startedAt >= Backoff.goodConnection
        backoff.lost(openedAt: startedAt, now: BootClock.now)
        let wait = backoff.next(isHerd: false, retryAfter: hasRun ? nil : Self.pause, using: &random)
        logger.warning("what starts agents here has ended\(Self.words(end)); it is started again in \(wait) ms")
        try? await Task.sleep(for: .milliseconds(wait))
      }
    }
    await finish(current)
  }

  /// Starts the child, or takes over the one of a hub before, and waits for its end; nil if it can't be started, or the hub
  /// stops.
  private func supervise(_ device: LocalDevice, _ current: Current) async -> LocalChild.End? {
    let child: LocalChild
    if let left = LocalChild(leftIn: folder) {
      child = left
      logger.notice("what started agents here goes on: process \(left.processID)")
      // It doesn't find a hub that is elsewhere now, and may start what is not allowed any more.
      if !device.isWhereItWas || left.command != command.words { left.send(signal: SIGTERM) }
    } else {
      do {
        child = try LocalChild(command.path, arguments: command.arguments, bundle: device.path, in: folder)
      } catch {
        logger.error("starting \(command.path): \(error)")
        return nil
      }
    }
    current.child = child
    while !Task.isCancelled {
      if let end = child.end() {
        current.child = nil
        LocalChild.forget(in: folder)
        return end
      }
      try? await Task.sleep(for: .milliseconds(Self.look))
    }
    return nil
  }

  /// The hub stops: so does the child.
  private func finish(_ current: Current) async {
    guard let child = current.child else { return }
    for (signal, span) in [(SIGTERM, grace), (SIGKILL, 1_000)] {
      child.send(signal: signal)
      let deadline = BootClock.now + span
      while BootClock.now < deadline {
        if child.end() != nil {
          LocalChild.forget(in: folder)
          return
        }
        // The hub's own deadline has come.
        guard (try? await Task.sleep(for: .milliseconds(Self.look))) != nil else { break }
      }
      if signal == SIGTERM { logger.warning("what starts agents here did not end in time, and is killed") }
    }
  }

  private static func words(_ end: LocalChild.End?) -> String {
    switch end {
    case .status(.exited(let code)): " with status \(code)"
    case .status(.killed(let signal)): " by signal \(signal)"
    case .unknown, nil: ""
    }
  }

  /// The child that runs, if one does.
  private final class Current: Sendable {
    private let state = Mutex<LocalChild?>(nil)

    var child: LocalChild? {
      get { state.withLock { $0 } }
      set { state.withLock { $0 = newValue } }
    }
  }
}
