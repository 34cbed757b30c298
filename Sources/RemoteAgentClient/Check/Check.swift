import RemoteAgentCore
import RemoteAgentProcess
package import RemoteAgentTLS

/// `ra-tunnel --check`: one attempt at all that a tunnel does, with a session that has nothing but its end.
///
/// What is said and when a step is given up is in `CheckSession`, what came of it in `CheckReport`; here is the descriptor.
package enum Check {
  package struct Options: Sendable {
    package var credential: ChosenCredential
    /// `--proxy`
    package var proxy: String?
    /// The keys that the hub may have, in place of the credential's.
    package var pins: PinSet?
    /// `ra-tunnel/0.1.0`
    package var tool: String

    package init(credential: ChosenCredential, proxy: String?, pins: PinSet?, tool: String) {
      self.credential = credential
      self.proxy = proxy
      self.pins = pins
      self.tool = tool
    }
  }

  /// Runs it to its end, which comes within the steps' deadlines.
  package static func run(_ options: Options) -> CheckReport {
    var report = CheckReport(session: "check-\(Hex.encode(SecureRandom.bytes(8)))", now: BootClock.now)
    guard let stream = connect(options, &report) else { return report }
    let description = SessionDescription(
      sessionId: report.session, writer: Hex.encode(SecureRandom.bytes(16)), control: false, title: "ra-tunnel --check",
      host: Platform.host)
    var session = CheckSession(
      report: report,
      session: DeviceSession(
        configuration: .init(session: description, tool: options.tool, platform: Platform.name),
        random: SecureRandomNumberGenerator()),
      now: BootClock.now)
    while true {
      repeat {
        while let effect = session.nextEffect(now: BootClock.now, ts: WallClock.now) {
          switch effect {
          case .send(let message): stream.send(message)
          case .close(let code, let reason): stream.close(code: code, reason: reason)
          }
        }
      } while !session.isOver && advance(stream, &session)
      if session.isOver { break }
      let deadline = [session.deadline, stream.deadline].compactMap { $0 }.min()
      Descriptor.wait(for: stream.descriptor, events: stream.events, until: deadline)
    }
    stream.shutDown()
    return session.report
  }

  /// Reads the settings and sets out; nil if that failed.
  private static func connect(_ options: Options, _ report: inout CheckReport) -> StreamConnection? {
    var step = CheckReport.Step.pairing
    do throws(ClientError) {
      var paired = try options.credential.read()
      report.hub = paired.hub.description
      report.reached(.dns, now: BootClock.now)
      step = .proxy
      paired.proxy = try Proxy.chosen(for: paired.hub, option: options.proxy, environment: Environment.all)
      report.proxy = paired.proxy?.authority
      step = .tls
      let context = try paired.context(pins: options.pins)
      step = .dns
      return try StreamConnection(
        identity: paired.identity(tool: options.tool), refreshToken: paired.refreshToken, context: context,
        now: BootClock.now)
    } catch {
      report.failed(error, at: step, now: BootClock.now)
      return nil
    }
  }

  /// Takes what came; true if there was something.
  private static func advance(_ stream: StreamConnection, _ session: inout CheckSession) -> Bool {
    do throws(ClientError) {
      let (events, hasReceived) = try stream.advance(now: BootClock.now)
      let now = BootClock.now
      session.reached(step(of: stream), now: now)
      if hasReceived { session.receivedBytes(now: now) }
      for event in events { session.received(event, now: now) }
      return !events.isEmpty
    } catch {
      // One call may get through several steps before it fails.
      session.reached(step(of: stream), now: BootClock.now)
      session.failed(error, now: BootClock.now)
      return true
    }
  }

  private static func step(of stream: StreamConnection) -> CheckReport.Step {
    switch stream.stage {
    case .resolving: .dns
    case .connecting: .tcp
    case .proxy: .proxy
    case .handshake: .tls
    case .open: stream.hasToken ? .stream : .token
    }
  }
}
