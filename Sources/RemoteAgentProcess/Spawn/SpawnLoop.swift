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

  /// What the owner runs; what runs now is the session's.
  private let own: SpawnSettings
  private let command: @Sendable (SpawnSettings) -> Result<AgentCommand, StartFailure>
  private let descriptors: SpawnDescriptors
  private let diagnostics: Diagnostics
  private var session: SpawnSession
  private var agent: GuardedAgent?
  private var outputs: [Outlet]
  private var streams: [Stream] = []
  private var agentInput: Int32 = -1
  private var agentInputQueue = OutputQueue()
  private var closesInput = false
  private var readsInput: Bool
  private var readsControl: Bool
  private var ending: SpawnEnd?
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)

  private struct Outlet {
    let descriptor: Int32
    var queue = OutputQueue()
    var isBroken = false
  }

  private struct Stream {
    let name: LogStream
    let descriptor: Int32
  }

  /// - Parameters:
  ///   - rules: what is hidden before anything is written; nil for nothing.
  ///   - command: what to run, looked up anew at each start.
  package init(
    _ settings: SpawnSettings, rules: RedactionRules? = nil, descriptors: SpawnDescriptors, diagnostics: Diagnostics,
    command: @escaping @Sendable (SpawnSettings) -> Result<AgentCommand, StartFailure>
  ) {
    own = settings
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
      readControl(polling)
      hearGuard()
      readAgent(polling)
      readPrompts(polling)
      session.timePassed(at: moment)
      collectOutput()
      write(polling)
    }
  }

  private var moment: Moment { Moment(now: BootClock.now, wall: WallClock.now) }

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
    if !agentInputQueue.isEmpty { polling.watch(agentInput, for: .write) }
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

  private func hearGuard() {
    while let event = agent?.nextEvent() {
      switch event {
      case .started(let processID): session.agentStarted(processID: processID, at: moment)
      case .exited(let status): session.agentExited(status, at: moment)
      case .gone(let survivors): session.treeEnded(survivors: survivors, at: moment)
      case .lost(let status, let survivors): session.guardLost(status, survivors: survivors, at: moment)
      case .noFolder(let errno):
        let folder = session.settings.folder
        notStarted(.noFolder, "entering \(folder): \(String(cString: strerror(errno)))")
      case .notStarted(let errno):
        notStarted(
          StartFailure.Cause(errno: errno), "starting \(session.settings.agent): \(String(cString: strerror(errno)))")
      }
      if agent?.descriptor == -1 { agent = nil }
    }
  }

  private func notStarted(_ cause: StartFailure.Cause, _ message: String) {
    closeStreams()
    session.agentNotStarted(StartFailure(cause, message), at: moment)
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

  private func writeAgentInput() {
    guard agentInput >= 0 else { return }
    switch agentInputQueue.write(to: agentInput) {
    case .bytes, .full: break
    // The agent reads no more; its end says the rest.
    case .broken, .failed: closeAgentInput()
    }
    if closesInput, agentInputQueue.isEmpty { closeAgentInput() }
  }

  private func closeAgentInput() {
    if agentInput >= 0 { close(agentInput) }
    agentInput = -1
    agentInputQueue.removeAll()
    closesInput = false
  }

  private func closeStreams() {
    for stream in streams { close(stream.descriptor) }
    streams.removeAll()
    closeAgentInput()
  }
}

// MARK: - Effects

extension SpawnLoop {
  private func obey() {
    while let effect = session.nextEffect() {
      switch effect {
      case .start: start()
      case .signal(let number): agent?.send(signal: number)
      case .endTree(let grace): agent?.end(grace: grace)
      case .input(let bytes): if agentInput >= 0 { agentInputQueue.append(bytes) }
      case .closeInput: closesInput = true
      case .note(let message): diagnostics.note(message)
      case .warn(let message): diagnostics.warning(message)
      case .fail(let message, let hint): diagnostics.error(message, hint: hint)
      case .finish(let end): ending = end
      case .closeStreams: closeStreams()
      case .abandonOutput: abandonOutput()
      }
    }
    collectOutput()
    writeAgentInput()
  }

  private func start() {
    closeStreams()
    switch command(session.settings) {
    case .failure(let failure): session.agentNotStarted(failure, at: moment)
    case .success(let command):
      do throws(ProcessError) {
        try start(command)
      } catch {
        closeStreams()
        session.agentNotStarted(StartFailure(.system, "\(error)"), at: moment)
      }
    }
  }

  private func start(_ command: AgentCommand) throws(ProcessError) {
    var theirs: [Int32] = []
    defer { for descriptor in theirs { close(descriptor) } }
    var input = descriptors.input
    if session.settings.mode == .session {
      let pipe = try Descriptor.pipe()
      (input, agentInput) = (pipe.reading, pipe.writing)
      theirs.append(pipe.reading)
    } else if own.mode == .session || session.settings.agent != own.agent {
      // Our standard input is prompts, or was meant for another agent.
      input = open("/dev/null", O_RDONLY | O_CLOEXEC)
      guard input >= 0 else { throw ProcessError(tried: "opening /dev/null", errno: errno) }
      theirs.append(input)
    }
    var writing: [Int32] = []
    for name in [LogStream.stdout, .stderr] {
      let pipe = try Descriptor.pipe()
      streams.append(Stream(name: name, descriptor: pipe.reading))
      writing.append(pipe.writing)
      theirs.append(pipe.writing)
    }
    agent = try GuardedAgent(command, descriptors: (input, writing[0], writing[1]), adoptsOrphans: true)
  }
}
