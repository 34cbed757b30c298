import Glibc
import Logging
import RemoteAgentCore
import RemoteAgentProcess
import ServiceLifecycle
import Synchronization

/// Keeps a child that takes the starts of the hub's own device: `ra-run --on-demand`, with the rights of the hub's user.
///
/// Rules: one at a time; one that ends is started again, at once if it had run for a minute, else later and later; that of a
/// hub before this one, which was killed, goes on; one that the hub refuses (its device was revoked) is not. One that ends
/// before its channel was open can't start anything: that is told once, and to whoever asks for a start, until it was. When the
/// hub stops it gets SIGTERM and, at the deadline, SIGKILL.
struct LocalAgents: Service {
  /// What is started.
  struct Command: Sendable, Equatable {
    let path: String
    let arguments: [String]

    /// - Parameter agents: those that may be started whatever the settings say.
    init(path: String, agents: [String]) {
      self.path = path
      // What a child before could not deliver is delivered beside the sessions.
      arguments = ["--on-demand", "--credential-fd=3", "--drain-first"] + agents
    }
  }

  /// Ends what a hub before this one, which was killed, has left: agents are not started here any more. What does not end is
  /// found by the next hub again.
  static func end(leftIn folder: String, _ logger: Logger) {
    guard let left = LocalChild(leftIn: folder) else { return LocalChild.forget(in: folder) }
    logger.notice("what started agents here is ended: process \(left.processID)")
    left.send(signal: SIGTERM)
  }

  /// In milliseconds: how often it is looked whether the child runs.
  private static let look: Int64 = 50
  /// In milliseconds: the least pause before one that had not run for a minute is started again.
  private static let pause: Int64 = 1_000

  let command: Command
  let folder: String
  let device: Latch<LocalDevice>
  let channels: DeviceChannels
  let logger: Logger
  /// In milliseconds: SIGTERM to SIGKILL.
  let grace: Int64

  func run() async {
    let current = Current()
    await cancelWhenGracefulShutdown {
      var backoff = Backoff()
      var told: String?
      var random = SystemRandomNumberGenerator()
      while !Task.isCancelled {
        guard let device = device.value else {
          try? await Task.sleep(for: .milliseconds(Self.look))
          continue
        }
        let startedAt = BootClock.now
        let (end, wasOpen) = await supervise(device, current)
        guard !Task.isCancelled else { return }
        let words = "what starts agents on the hub's machine \(Self.words(end))"
        if !wasOpen { channels.failed(device.clientId, why: "\(words); the hub's log says why") }
        if end == .status(.exited(code: ExitStatus.notPaired)) {
          logger.error("the hub's own device is refused: agents are started here again when the hub is started anew")
          try? await gracefulShutdown()
          return
        }
        let hasRun = BootClock.now - startedAt >= Backoff.goodConnection
        backoff.lost(openedAt: startedAt, now: BootClock.now)
        let wait = backoff.next(isHerd: false, retryAfter: hasRun ? nil : Self.pause, using: &random)
        if wasOpen {
          logger.warning("\(words); it is started again in \(wait) ms")
        } else if told != words {
          logger.error("\(words) before it could; it is tried again, and that is not told each time")
        }
        told = wasOpen ? nil : words
        try? await Task.sleep(for: .milliseconds(wait))
      }
    }
    await finish(current)
  }

  /// Starts the child, or takes over the one of a hub before, and waits for its end, which is nil if the hub stops. Tells also
  /// whether the device's channel was open meanwhile.
  private func supervise(_ device: LocalDevice, _ current: Current) async -> (LocalChild.End?, wasOpen: Bool) {
    let child: LocalChild
    var signals: [(at: Int64, signal: Int32)] = []
    if let left = LocalChild(leftIn: folder) {
      child = left
      logger.notice("what started agents here goes on: process \(left.processID)")
      // It doesn't find a hub that is elsewhere now, and may start what is not allowed any more.
      if !device.isWhereItWas || left.arguments != command.arguments {
        // By the second it waits for no session any more.
        let now = BootClock.now
        signals = [(now, SIGTERM), (now + grace, SIGTERM), (now + 2 * grace, SIGKILL)]
      }
    } else {
      do {
        child = try LocalChild(command.path, arguments: command.arguments, bundle: device.path, in: folder)
      } catch {
        return (.notStarted("\(error)"), false)
      }
      if let error = child.recordError {
        logger.error("\(error): what starts agents on the hub's machine is not found again if the hub is killed")
      }
    }
    current.child = child
    var wasOpen = false
    while !Task.isCancelled {
      wasOpen = wasOpen || channels.isOpen(device.clientId)
      if let end = child.end() {
        current.child = nil
        LocalChild.forget(in: folder)
        return (end, wasOpen)
      }
      if let next = signals.first, BootClock.now >= next.at { child.send(signal: signals.removeFirst().signal) }
      try? await Task.sleep(for: .milliseconds(Self.look))
    }
    return (nil, wasOpen)
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
    case .status(.exited(let code)): "ended with status \(code)"
    case .status(.killed(let signal)): "ended by signal \(signal)"
    case .notStarted(let why): "can't be run: \(why)"
    case .unknown, nil: "ended"
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
