import Glibc
import RemoteAgentCore
package import RemoteAgentProcess
import RemoteAgentTLS

/// The loop of `ra-tunnel --device-channel`: feed what came to the channel, do what it says, sleep until something comes or its
/// deadline.
///
/// Everything that decides is in `DeviceChannel`; here are the descriptors and the note of which control came out.
package final class ChannelLoop {
  private let credential: Credential
  private let diagnostics: Diagnostics
  private let cursor: ChannelCursor
  private let transport: DeviceTransport
  private var channel: DeviceChannel
  private var input = ChannelInput(descriptor: STDIN_FILENO)
  private var output = ChannelOutput(descriptor: STDOUT_FILENO)
  private var events: EventWriter?

  private var warnings = LineBudget()
  private var hasToldFull = false
  private var interruptedAt: Milliseconds?
  /// How it ends once the channel has: 0 unless standard output failed.
  private var endStatus = ExitStatus.done
  private var exitStatus: Int32?

  /// - Parameter cursor: of this device, locked.
  package init(
    credential: Credential, options: ChannelOptions, cursor: ChannelCursor, diagnostics: Diagnostics
  ) throws(ClientError) {
    self.credential = credential
    self.cursor = cursor
    self.diagnostics = diagnostics
    transport = try DeviceTransport(credential: credential, pins: options.pins, tool: options.tool)
    channel = DeviceChannel(
      noted: cursor.cursor, clientId: credential.clientId, tool: options.tool, platform: Platform.name,
      random: SecureRandomNumberGenerator())
    events = options.events.map(EventWriter.init(descriptor:))
  }

  /// Runs until it is ended; returns the exit status, which has been explained on standard error if it is not 0. Above 128 it is
  /// to end by that signal.
  ///
  /// - Parameter polling: set up for the signals that end it.
  package func run(polling: inout PollSet) -> Int32 {
    channel.start(now: BootClock.now)
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

// MARK: - Doing what the channel says

extension ChannelLoop {
  private func act() {
    let now = BootClock.now
    var wasFull: Bool
    repeat {
      repeat {
        while exitStatus == nil, let action = channel.nextAction(now: now, canSend: transport.canSend) {
          perform(action, now: now)
        }
      } while exitStatus == nil && writeLine(now: now)
      if exitStatus != nil { return }
      wasFull = !transport.canSend
    } while transport.advance(&channel, now: now) || wasFull && transport.canSend
  }

  private func perform(_ action: DeviceChannel.Action, now: Milliseconds) {
    switch action {
    case .connection(.connect):
      events?.event("connecting", [("hub", .string(credential.hub.description))])
      transport.connect(&channel, now: now)
    case .connection(.send(let message)): transport.send(message)
    case .connection(.close(let code, let reason)): transport.close(code: code, reason: reason)
    case .connection(.abandon): transport.drop()
    case .connection(.renewToken): transport.renew(&channel, now: now)
    case .connection(.prove(let nonce)): transport.prove(nonce: nonce, &channel, now: now)
    case .connection(.disconnected(let reason, let delay)):
      events?.event("disconnected", [("reason", .string(reason)), ("retryInMs", .integer(delay))])
      transport.disconnected(reason, retryIn: delay, diagnostics)
    case .note(let number): note(number, now: now)
    case .opened(let isFirst):
      events?.event("connected")
      diagnostics.note("\(isFirst ? "connected" : "connected again") to \(credential.hub.authority)")
    case .connection(.finished(let outcome)), .finished(let outcome): finish(outcome)
    }
  }

  /// On the disk before the line comes out: killed after it, nobody gets the line again.
  private func note(_ number: Int64, now: Milliseconds) {
    do throws(SpoolError) {
      try cursor.note(number)
      channel.noteSucceeded()
      hasToldFull = false
    } catch {
      guard case .noRoom = error else { return fail("the device channel: \(error)", status: ExitStatus.lost) }
      channel.noteFailed(now: now)
      if !hasToldFull {
        diagnostics.warning("the device channel: \(error): the hub's controls wait until there is room")
      }
      hasToldFull = true
    }
  }

  /// Writes a line as far as it goes; true if the channel may want something by that.
  private func writeLine(now: Milliseconds) -> Bool {
    if !output.isWriting {
      guard let line = channel.takeLine() else { return false }
      output.take(line)
    }
    switch output.write() {
    case .done:
      channel.lineWritten()
      return true
    case .waits: return false
    case .broken: outputClosed(status: ExitStatus.killed(bySignal: SIGPIPE))
    case .failed(let error):
      diagnostics.error("writing standard output: \(String(cString: strerror(error)))")
      outputClosed(status: ExitStatus.lost)
    }
    return true
  }

  /// Nobody can act on a control any more.
  private func outputClosed(status: Int32) {
    output = ChannelOutput(descriptor: -1)
    if !channel.isStopping { endStatus = status }
    channel.outputClosed(ts: WallClock.now, now: BootClock.now)
  }

  private func finish(_ outcome: DeviceConnection.Outcome) {
    transport.drop()
    switch outcome {
    case .done:
      if channel.freshStatuses > 0 {
        diagnostics.warning("\(channel.freshStatuses) statuses could not be sent in time")
      }
      exitStatus = endStatus
    case .gaveUp(let refusal):
      events?.event("refused", [("reason", .string(refusal.message))])
      fail(refusal.message, status: refusal.kind == .notPaired ? ExitStatus.notPaired : ExitStatus.refused)
    }
  }

  private func fail(_ message: String, status: Int32) {
    guard exitStatus == nil else { return }
    transport.drop()
    exitStatus = status
    diagnostics.error(message)
  }
}

// MARK: - Waiting, and what came

extension ChannelLoop {
  private var wantsInput: Bool { !input.isEnded && channel.wantsStatuses }

  private func wait(polling: inout PollSet) {
    if wantsInput { polling.watch(STDIN_FILENO, for: .read) }
    // Without a line too: that its reader is gone is seen at once.
    polling.watch(output.descriptor, for: output.isWriting ? .write : [])
    if let events, events.wantsToWrite { polling.watch(events.descriptor, for: .write) }
    transport.watch(&polling)
    do throws(ProcessError) {
      try polling.wait(until: [channel.deadline, transport.deadline].compactMap { $0 }.min())
    } catch {
      return fail("\(error)", status: ExitStatus.lost)
    }

    let now = BootClock.now
    takeSignals(&polling)
    transport.hasWaited(&channel, now: now)
    if polling[STDIN_FILENO].isReadable, wantsInput { _ = readInput(now: now) }
    if output.descriptor >= 0, polling[output.descriptor].hasLostItsReader {
      outputClosed(status: ExitStatus.killed(bySignal: SIGPIPE))
    } else if polling[output.descriptor].isWritable {
      _ = writeLine(now: now)
    }
    if events?.wantsToWrite == true { events?.flush() }
  }

  private func takeSignals(_ polling: inout PollSet) {
    while let signal = polling.takeSignal() {
      let now = BootClock.now
      if let interruptedAt {
        if now < interruptedAt + TunnelOptions.signalSpacing { continue }
        return fail("interrupted", status: ExitStatus.killed(bySignal: signal.number))
      }
      interruptedAt = now
      // What was said before it, as far as it is there.
      while wantsInput, readInput(now: now) {}
      channel.stop(now: now)
    }
  }

  /// Reads once; false if nothing more is there.
  private func readInput(now: Milliseconds) -> Bool {
    let reading = input.read { status in
      if let status, status.seq <= channel.noted {
        channel.took(status)
      } else {
        warn(
          status == nil
            ? "a line of standard input is no status of a control" : "a status is of no control that came out")
      }
    }
    if case .failed(let error) = reading {
      diagnostics.error("reading standard input: \(String(cString: strerror(error)))")
      endStatus = ExitStatus.noInput
    }
    if input.isEnded { channel.stop(now: now) }
    if case .bytes = reading { return true }
    return false
  }

  private func warn(_ what: String) {
    guard let untold = warnings.next(now: BootClock.now) else { return }
    diagnostics.warning("\(what): it is ignored\(untold > 0 ? " (and \(untold) like it)" : "")")
  }
}
