import CPosix
import Glibc
package import RemoteAgentCore

/// The descriptors of ra-spawn's world.
package struct SpawnDescriptors: Sendable {
  /// Where the line format goes.
  package var output: Int32 = 1
  /// What the agent reads, or in session mode what prompts are read from.
  package var input: Int32
  package var control: Int32?
  /// Where readable text of the agent's standard output and error goes.
  package var echo: (output: Int32, errors: Int32)?
  /// Whether the echo is the line format and not readable text.
  package var echoesLines = false

  package init(input: Int32) { self.input = input }
}

/// Drives a `SpawnSession`: feeds it what comes, does what it decides, and sleeps until more comes.
package final class SpawnLoop {
  /// What may wait for our readers before the agent is no longer read.
  private static let outputLimit = 256 << 10
  private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

  let command: @Sendable (SpawnSettings, AgentLaunch) -> Result<AgentCommand, StartFailure>
  let descriptors: SpawnDescriptors
  private let diagnostics: Diagnostics
  var session: SpawnSession
  var agent: GuardedAgent?
  private var outputs: [Outlet]
  var streams: [Stream] = []
  var agentInput: Int32 = -1
  var agentInputQueue = OutputQueue()
  var closesInput = false
  private var readsInput: Bool
  private var readsControl: Bool
  private var ending: SpawnEnd?
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)

  private struct Outlet {
    let descriptor: Int32
    var queue = OutputQueue()
    var isBroken = false
  }

  struct Stream {
    let name: LogStream
    let descriptor: Int32
  }

  /// - Parameters:
  ///   - rules: what is hidden before anything is written; nil for nothing.
  ///   - command: what to run, looked up anew at each start.
  package init(
    _ settings: SpawnSettings, rules: RedactionRules? = nil, descriptors: SpawnDescriptors, diagnostics: Diagnostics,
    command: @escaping @Sendable (SpawnSettings, AgentLaunch) -> Result<AgentCommand, StartFailure>
  ) {
    self.descriptors = descriptors
    self.diagnostics = diagnostics
    self.command = command
    let escapes = descriptors.echo.map {
      (output: Descriptors.isTerminal($0.output), errors: Descriptors.isTerminal($0.errors))
    }
    session = SpawnSession(
      settings, rules: rules, echoEscapes: descriptors.echoesLines ? nil : escapes, resolveFolder: FolderPath.resolve
    ) {
      ClaudePrompt.uuid(.random(in: 0 ... .max), .random(in: 0 ... .max))
    }
    outputs = [Outlet(descriptor: descriptors.output)]
    if let echo = descriptors.echo {
      outputs.append(Outlet(descriptor: echo.output))
      if echo.errors != echo.output { outputs.append(Outlet(descriptor: echo.errors)) }
    }
    readsInput = settings.mode == .session && settings.readsPrompts
    readsControl = descriptors.control != nil
  }

  /// Runs until all is done and written; returns how ra-spawn is to end.
  package func run() throws(ProcessError) -> SpawnEnd {
    Signals.ignoreBrokenPipes()
    var polling = try PollSet(signals: SpawnLoop.signals)
    session.begin(at: moment)
    while true {
      obey()
      if let ending, outputs.allSatisfy({ $0.queue.isEmpty }) { return ending }
      watch(&polling)
      try polling.wait(until: session.deadline)
      while let signal = polling.takeSignal() { session.signalled(signal.number, at: moment) }
      // Before an answer is taken that the agent would not get.
      if polling[agentInput].isBroken { loseAgentInput() }
      readControl(polling)
      hearGuard()
      readAgent(polling)
      readPrompts(polling)
      session.timePassed(at: moment)
      collectOutput()
      write(polling)
    }
  }

  var moment: Moment { Moment(now: BootClock.now, wall: WallClock.now) }

  private var isBlocked: Bool { outputs.contains { $0.queue.count >= SpawnLoop.outputLimit } }

  private func watch(_ polling: inout PollSet) {
    for outlet in outputs where !outlet.isBroken {
      polling.watch(outlet.descriptor, for: outlet.queue.isEmpty ? [] : .write)
    }
    guard ending == nil else { return }
    if readsControl, let control = descriptors.control { polling.watch(control, for: .read) }
    if let agent { polling.watch(agent.descriptor, for: .read) }
    if !isBlocked, session.isRunning {
      for stream in streams { polling.watch(stream.descriptor, for: .read) }
    }
    // With nothing to write, poll(2) still tells that the agent reads no more.
    if !agentInputQueue.isEmpty || session.awaitsAnswers {
      polling.watch(agentInput, for: agentInputQueue.isEmpty ? [] : .write)
    }
    if readsInput, session.wantsPrompts { polling.watch(descriptors.input, for: .read) }
  }
}

// MARK: - Reading

extension SpawnLoop {
  private enum Received {
    case nothing
    case bytes(Int)
    case end
  }

  private func receive(_ descriptor: Int32, _ what: String) -> Received {
    switch buffer.withUnsafeMutableBytes({ Descriptor.read(into: $0, from: descriptor) }) {
    case .nothing: return .nothing
    case .bytes(let count): return .bytes(count)
    case .end: return .end
    case .failed(let errno):
      diagnostics.warning("reading \(what): \(String(cString: strerror(errno)))")
      return .end
    }
  }

  private func readControl(_ polling: borrowing PollSet) {
    guard readsControl, let control = descriptors.control, polling[control].isReadable else { return }
    switch receive(control, "control") {
    case .nothing: break
    case .bytes(let count):
      buffer.withUnsafeBytes { session.controlRead(UnsafeRawBufferPointer(rebasing: $0[..<count]), at: moment) }
    case .end:
      readsControl = false
      session.controlRead(nil, at: moment)
    }
  }

  private func readPrompts(_ polling: borrowing PollSet) {
    guard readsInput, polling[descriptors.input].isReadable else { return }
    switch receive(descriptors.input, "standard input") {
    case .nothing: break
    case .bytes(let count):
      buffer.withUnsafeBytes { session.promptsRead(UnsafeRawBufferPointer(rebasing: $0[..<count]), at: moment) }
    case .end:
      readsInput = false
      session.promptsRead(nil, at: moment)
    }
  }

  private func readAgent(_ polling: borrowing PollSet) {
    for stream in streams where polling[stream.descriptor].isReadable {
      switch receive(stream.descriptor, "the agent's \(stream.name.rawValue)") {
      case .nothing: break
      case .bytes(let count):
        buffer.withUnsafeBytes {
          session.outputRead(UnsafeRawBufferPointer(rebasing: $0[..<count]), stream: stream.name, at: moment)
        }
      case .end:
        close(stream.descriptor)
        streams.removeAll { $0.descriptor == stream.descriptor }
        session.outputRead(nil, stream: stream.name, at: moment)
      }
    }
  }
}

// MARK: - Writing

extension SpawnLoop {
  private func collectOutput() {
    let new = session.takeOutput()
    queue(new.lines, for: 0)
    guard outputs.count > 1 else { return }
    queue(descriptors.echoesLines ? new.lines : new.echo, for: 1)
    queue(new.errorEcho, for: outputs.count - 1)
  }

  private func queue(_ bytes: [UInt8], for index: Int) {
    if !outputs[index].isBroken { outputs[index].queue.append(bytes) }
  }

  private func write(_ polling: borrowing PollSet) {
    for index in outputs.indices where !outputs[index].isBroken {
      let written = outputs[index].queue.write(to: outputs[index].descriptor)
      switch written {
      case .bytes, .full:
        // With nothing to write, poll(2) still tells that the reader has gone.
        if polling[outputs[index].descriptor].hasLostItsReader { broke(index) }
      case .broken: broke(index)
      case .failed(let errno):
        diagnostics.error("writing: \(String(cString: strerror(errno)))")
        broke(index, .exit(ExitStatus.lost))
      }
    }
    session.outputBecame(blocked: isBlocked, at: moment)
    writeAgentInput()
  }

  private func broke(_ index: Int, _ end: SpawnEnd = .brokenPipe) {
    outputs[index].isBroken = true
    outputs[index].queue.removeAll()
    session.outputBroke(end, at: moment)
  }

  private func abandonOutput() {
    for index in outputs.indices {
      outputs[index].isBroken = true
      outputs[index].queue.removeAll()
    }
  }
}

// MARK: - Effects

extension SpawnLoop {
  private func obey() {
    while true {
      var effect = session.nextEffect()
      if effect == nil {
        // What could be written, or not, has effects of its own.
        writeAgentInput()
        effect = session.nextEffect()
      }
      guard let effect else { break }
      obey(effect)
    }
    collectOutput()
  }

  private func obey(_ effect: SpawnEffect) {
    switch effect {
    case .start: start()
    case .signal(let number): agent?.send(signal: number)
    case .endTree(let grace): agent?.end(grace: grace)
    case .input(let bytes): give(bytes)
    case .closeInput: closesInput = agentInput >= 0
    case .note(let message): diagnostics.note(message)
    case .warn(let message): diagnostics.warning(message)
    case .fail(let message, let hint): diagnostics.error(message, hint: hint)
    case .finish(let end): ending = end
    case .closeStreams: closeStreams()
    case .abandonOutput: abandonOutput()
    }
  }
}
