import Glibc
import RemoteAgentCore
import RemoteAgentProcess
package import RemoteAgentTLS

/// `ra-tunnel --check`: one attempt at all that a tunnel does, with a session that has nothing but its end.
///
/// What came of it and when a step is given up is in `CheckReport`; here are the descriptors.
package struct Check {
  package struct Options: Sendable {
    /// The credential's name.
    package var credential: String
    /// `--proxy`
    package var proxy: String?
    /// The keys that the hub may have, in place of the credential's.
    package var pins: PinSet?
    /// `ra-tunnel/0.1.0`
    package var tool: String

    package init(credential: String, proxy: String?, pins: PinSet?, tool: String) {
      self.credential = credential
      self.proxy = proxy
      self.pins = pins
      self.tool = tool
    }
  }

  private let options: Options
  private var report: CheckReport
  private var session: DeviceSession
  private var stream: StreamConnection?
  private var isEnded = false
  private var isFinished = false

  /// Runs it to its end, which comes within the steps' deadlines.
  package static func run(_ options: Options) -> CheckReport {
    var check = Check(options)
    check.run()
    return check.report
  }

  private init(_ options: Options) {
    self.options = options
    let name = "check-\(Hex.encode(SecureRandom.bytes(8)))"
    report = CheckReport(session: name, now: BootClock.now)
    let description = SessionDescription(
      sessionId: name, writer: Hex.encode(SecureRandom.bytes(16)), control: false, title: "ra-tunnel --check",
      host: Platform.host)
    session = DeviceSession(
      configuration: .init(session: description, tool: options.tool, platform: Platform.name),
      random: SecureRandomNumberGenerator())
  }

  private mutating func run() {
    guard connect() else { return }
    session.start(now: BootClock.now)
    while true {
      act()
      report.tick(now: BootClock.now)
      if isFinished || report.failure != nil { break }
      wait()
    }
    stream?.shutDown()
  }

  /// Reads the settings and sets out; false if that failed.
  private mutating func connect() -> Bool {
    let options = options
    guard
      var paired = trying(
        .pairing,
        { () throws(ClientError) in
          try CredentialStore(folder: try SettingsFolder.current()).credential(named: options.credential)
        })
    else { return false }
    report.hub = paired.hub.description
    report.reached(.dns, now: BootClock.now)
    guard
      let proxy = trying(
        .proxy,
        { () throws(ClientError) in
          try Proxy.chosen(for: paired.hub, option: options.proxy, environment: Environment.all)
        })
    else { return false }
    paired.proxy = proxy
    report.proxy = proxy?.authority
    guard let context = trying(.tls, { () throws(ClientError) in try paired.context(pins: options.pins) }) else {
      return false
    }
    stream = trying(.dns) { () throws(ClientError) in
      try StreamConnection(
        identity: paired.identity(tool: options.tool), refreshToken: paired.refreshToken, context: context,
        now: BootClock.now)
    }
    return stream != nil
  }

  private mutating func trying<Value>(
    _ step: CheckReport.Step, _ body: () throws(ClientError) -> Value
  ) -> Value? {
    do throws(ClientError) {
      return try body()
    } catch {
      report.failed(error, at: step, now: BootClock.now)
      return nil
    }
  }
}

// MARK: - The loop

extension Check {
  private mutating func act() {
    repeat {
      let now = BootClock.now
      while !isFinished, report.failure == nil, let action = session.nextAction(now: now, canSend: true) {
        perform(action, now: now)
      }
      // What is left is the closing, which is not timed.
      if isEnded, session.unacknowledgedCount == 0 { report.completed(now: BootClock.now) }
    } while !isFinished && report.failure == nil && advance()
  }

  private mutating func perform(_ action: DeviceSession.Action, now: Milliseconds) {
    switch action {
    case .send(let message): stream?.send(message)
    case .close(let code, let reason): stream?.close(code: code, reason: reason)
    case .opened:
      report.reached(.acknowledgement, now: BootClock.now)
      end()
    case .disconnected(let reason, _): report.failed(.unreachable(reason), now: now)
    case .finished(.delivered): isFinished = true
    case .finished(.gaveUp(let refusal)):
      isFinished = true
      report.failed(
        refusal.kind == .notPaired ? .notPaired(refusal.message) : .refused(refusal.message), now: now)
    default: break  // One connection, made already; its token outlives it.
    }
  }

  private mutating func end() {
    session.took(InputLine.end(bytes: 0, lines: 0, isIncomplete: false, ts: WallClock.now))
    session.inputEnded()
    isEnded = true
  }

  /// Takes what came; true if there was something.
  private mutating func advance() -> Bool {
    guard let stream else { return false }
    let now = BootClock.now
    do throws(ClientError) {
      let (events, hasReceived) = try stream.advance(now: now)
      report.reached(step(of: stream), now: BootClock.now)
      if hasReceived { session.receivedBytes(now: now) }
      for event in events {
        switch event {
        case .opened(let token): session.connected(tokenLife: token.life, now: now)
        case .message(let message): session.received(message, now: now)
        case .closed(let code, let reason): session.connectionLost(code: code, reason: reason, now: now)
        }
      }
      return !events.isEmpty
    } catch {
      // One call may get through several steps before it fails.
      report.reached(step(of: stream), now: BootClock.now)
      session.connectionLost(code: nil, reason: "\(error)", now: now)
      report.failed(error, now: BootClock.now)
      return true
    }
  }

  private func step(of stream: StreamConnection) -> CheckReport.Step {
    switch stream.stage {
    case .resolving: .dns
    case .connecting: .tcp
    case .proxy: .proxy
    case .handshake: .tls
    case .open: stream.hasToken ? .stream : .token
    }
  }

  private func wait() {
    guard let stream else { return }
    var entry = pollfd(fd: stream.descriptor, events: stream.events, revents: 0)
    let deadline = [session.deadline, stream.deadline, report.deadline].compactMap { $0 }.min()
    _ = poll(&entry, 1, deadline.map { Int32(clamping: max(0, $0 - BootClock.now)) } ?? -1)
  }
}
