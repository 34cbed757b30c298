import Glibc
import RemoteAgentCore
package import RemoteAgentProcess
import RemoteAgentTLS

/// ra-tunnel's loop: feed what came to the session, do what it says, sleep until something comes or its deadline.
///
/// Everything that decides is in `DeviceSession`; here are the descriptors. The socket is read at all times, whatever else
/// is blocked: input waits for room in the spool (without one: in memory), output for its reader, the socket for neither.
package final class Tunnel {
  let credential: Credential
  let options: TunnelOptions
  let diagnostics: Diagnostics
  var delivery: SpooledSession
  var input: TunnelInput
  private(set) var output = TunnelOutput(descriptor: STDOUT_FILENO)
  var events: EventWriter?
  let transport: DeviceTransport

  var hasToldFull = false
  var interrupted: (by: Int32, at: Milliseconds)?
  private var inputDeadline: Milliseconds?
  var inputWasCut = false
  var inputHasFailed = false
  private var lastProgress: (unacknowledged: Int64, at: Milliseconds)
  var exitStatus: Int32?

  /// - Parameters:
  ///   - spool: holds what is taken in, and what earlier runs left; nil: memory alone.
  ///   - readsInput: false delivers what the spool has, and no more.
  package init(
    credential: Credential, options: TunnelOptions, spool: Spool?, readsInput: Bool, diagnostics: Diagnostics
  ) throws(ClientError) {
    self.credential = credential
    self.options = options
    self.diagnostics = diagnostics
    transport = try DeviceTransport(credential: credential, pins: options.pins, tool: options.tool)
    var configuration = DeviceSession.Configuration(
      session: options.session, tool: options.tool, platform: Platform.name)
    configuration.clientId = credential.clientId
    // What is beyond it is in the spool: this is enough for 60 MB/s at 100 ms.
    if spool != nil { configuration.bufferLimit = 6 << 20 }
    delivery = SpooledSession(
      configuration: configuration, spool: spool, onFull: options.onFull, random: SecureRandomNumberGenerator())
    input = TunnelInput(
      descriptor: readsInput ? STDIN_FILENO : -1, text: options.text,
      isWithinLine: spool?.state.isWithinLine ?? false)
    events = options.events.map(EventWriter.init(descriptor:))
    lastProgress = (0, BootClock.now)
  }

  var session: DeviceSession {
    _read { yield delivery.session }
    _modify { yield &delivery.session }
  }

  var spool: Spool? { delivery.spool }

  /// Runs to the end; returns the exit status, which has been explained on standard error if it is not 0.
  ///
  /// - Parameter polling: set up for the signals that end it.
  package func run(polling: inout PollSet) -> Int32 {
    begin()
    session.start(now: BootClock.now)
    while exitStatus == nil {
      act()
      if exitStatus == nil { wait(polling: &polling) }
    }
    let status = exitStatus ?? ExitStatus.bug
    events?.event("exit", [("status", .integer(Int64(status)))])
    events?.flush()
    return status
  }
}

// MARK: - Doing what the session says

extension Tunnel {
  private func act() {
    let now = BootClock.now
    fetch()
    release()
    giveUpIfStuck(now: now)
    var wasFull: Bool
    repeat {
      while exitStatus == nil, let action = nextAction(now: now) {
        perform(action, now: now)
      }
      if exitStatus != nil { return }
      if options.session.control { output.offer(session.nextControl?.line) }
      release()
      fetch()
      wasFull = !transport.canSend
    } while transport.advance(&session, now: now) || wasFull && transport.canSend
  }

  private func nextAction(now: Milliseconds) -> DeviceSession.Action? {
    var action: DeviceSession.Action?
    attempt { delivery throws(SpooledSession.Failure) in
      action = try delivery.nextAction(now: now, canSend: transport.canSend)
    }
    return action
  }

  private func perform(_ action: DeviceSession.Action, now: Milliseconds) {
    tell(action)
    switch action {
    case .numbered: break
    case .connect: transport.connect(&session, now: now)
    case .send(let message): transport.send(message)
    case .close(let code, let reason): transport.close(code: code, reason: reason)
    case .abandon: transport.drop()
    case .renewToken: transport.renew(&session, now: now)
    case .prove(let nonce): transport.prove(nonce: nonce, &session, now: now)
    case .opened(let id, let url):
      greeted()
      // First: whoever acts on the note finds the hello announced.
      if options.announces { announce(id: id, url: url) }
      let place = url.map { " \($0)" } ?? ""
      diagnostics.note("session \(options.session.sessionId)\(place)")
    case .reopened: break
    case .disconnected(let reason, let delay): transport.disconnected(reason, retryIn: delay, diagnostics)
    case .finished(let outcome): finish(outcome)
    }
  }

  private func announce(id: String?, url: String?) {
    let session = [("id", id), ("url", url)].compactMap { name, value in value.map { JSON.Member(name, .string($0)) } }
    let hello: JSON = [
      "type": "hello", "sessionId": .string(options.session.sessionId), "payload": ["session": .object(session)],
    ]
    output.announce(hello.serialized() + [UInt8(ascii: "\n")])
    // There is no control before it that this could complete.
    _ = output.write()
  }

  private func finish(_ outcome: DeviceSession.Outcome) {
    transport.drop()
    switch outcome {
    case .delivered: delivered()
    case .gaveUp(let refusal):
      fail(refusal.message, status: refusal.kind == .notPaired ? ExitStatus.notPaired : ExitStatus.refused)
    }
  }

  /// Without progress for the flush timeout, where waiting longer would help nobody: with a spool what comes in is safe,
  /// and only the end of the input begins the time.
  private func giveUpIfStuck(now: Milliseconds) {
    let unacknowledged = session.unacknowledgedCount
    let isWaiting =
      session.hasOpened || spool != nil
      ? input.isEnded || !input.isOpen : transport.stream == nil || transport.isRetrying
    if unacknowledged != lastProgress.unacknowledged || !isWaiting { lastProgress = (unacknowledged, now) }
    guard options.flushTimeout > 0, now - lastProgress.at >= options.flushTimeout else { return }
    giveUp()
  }
}

// MARK: - Waiting, and what came

extension Tunnel {
  private var wantsInput: Bool {
    input.isOpen && !input.isEnded && delivery.wantsInput && !(options.tee && output.isFull)
  }

  private func wait(polling: inout PollSet) {
    if wantsInput { polling.watch(STDIN_FILENO, for: .read) }
    if output.wantsToWrite { polling.watch(STDOUT_FILENO, for: .write) }
    if let events, events.wantsToWrite { polling.watch(events.descriptor, for: .write) }
    transport.watch(&polling)
    let flush = options.flushTimeout > 0 ? lastProgress.at + options.flushTimeout : nil
    let deadlines = [
      session.deadline, transport.deadline, inputDeadline, delivery.retryAt, flush,
    ].compactMap { $0 }
    do throws(ProcessError) {
      try polling.wait(until: deadlines.min())
    } catch {
      return fail("\(error)", status: ExitStatus.lost)
    }

    takeSignals(&polling)
    transport.hasWaited(&session, now: BootClock.now)
    if let retryAt = delivery.retryAt, BootClock.now >= retryAt { keep() }
    if polling[STDIN_FILENO].isReadable, wantsInput { readInput() }
    if let inputDeadline, BootClock.now >= inputDeadline { cutInput() }
    if polling[STDOUT_FILENO].isWritable, output.write() { controlWritten() }
    if events?.wantsToWrite == true { events?.flush() }
  }

  private func controlWritten() {
    attempt { delivery throws(SpooledSession.Failure) in try delivery.controlWritten() }
  }

  private func takeSignals(_ polling: inout PollSet) {
    while let signal = polling.takeSignal() {
      if let interrupted, BootClock.now < interrupted.at + TunnelOptions.signalSpacing { continue }
      guard interrupted == nil, session.hasOpened || spool != nil else {
        return fail("interrupted", status: ExitStatus.killed(bySignal: signal.number))
      }
      interrupted = (signal.number, BootClock.now)
      if transport.stream == nil || transport.isRetrying {
        diagnostics.note("\(Signals.name(signal.number)): what was taken in is delivered first; once more ends it now")
      }
      if !input.isEnded { inputDeadline = BootClock.now + TunnelOptions.interruptGrace }
    }
  }

  /// The time that a signal left to the input is over.
  private func cutInput() {
    inputDeadline = nil
    guard input.isOpen, !input.isEnded else { return }
    inputWasCut = true
    endInput()
  }

  private func readInput() {
    let reading = input.read(
      now: WallClock.now, raw: { if options.tee { output.tee($0) } }, line: { delivery.read($0) })
    keep()
    switch reading {
    case .bytes, .nothing: break
    case .end: endInput()
    case .failed(let error):
      let why = "reading standard input: \(String(cString: strerror(error)))"
      guard input.bytes > 0 else {
        return fail(why, status: ExitStatus.noInput)
      }
      // What was read before is still delivered; that it is not all is told by the status, and by the session's end.
      diagnostics.error(why)
      inputHasFailed = true
      endInput()
    }
  }
}
