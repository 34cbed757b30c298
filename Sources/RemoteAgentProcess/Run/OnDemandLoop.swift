import Glibc
package import RemoteAgentCore

/// Drives an `OnDemand`: starts what it decides to, waits for all of it, and passes signals on. It copies no byte of a
/// session.
///
/// Whatever it starts gets SIGTERM when we are gone, by kill -9 too: sessions without an owner then end in order, since their
/// ra-tunnel takes no more than 10 s of them.
package final class OnDemandLoop {
  private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD]
  /// Answers that may wait for the channel before no more starts are taken from it.
  private static let answersLimit = 64 << 10

  private let plan: OnDemandPlan
  private let programs: RunPrograms
  private let secrets: RunSecrets
  private let policy: () -> Result<ControlPolicy, ControlRefusal>
  private let diagnostics: Diagnostics
  private var machine: OnDemand
  private var random = SystemRandomNumberGenerator()
  /// What somebody left who killed a ra-spawn and its guards.
  private var orphans: Orphans
  private var pipelines: [Int64: RunPipeline] = [:]
  /// Whose each process is.
  private var owners: [Int32: Owner] = [:]
  private var channel: Channel?
  /// What delivers what earlier sessions left.
  private var drain: ChildProcess?
  private var status: Int32?
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)

  private enum Owner {
    case channel, drain
    case session(Int64, OnDemand.Part)
  }

  private struct Channel {
    let process: ChildProcess
    /// Its standard output; -1 after its end.
    var reading: Int32
    /// Its standard input; -1 when it is closed.
    var writing: Int32
    var queue = OutputQueue()
    var isEnding = false
  }

  /// Makes this process a subreaper.
  ///
  /// - Parameter policy: what may be started, asked at each start; or why that can't be known, for the hub.
  package init(
    _ machine: OnDemand, plan: OnDemandPlan, programs: RunPrograms, secrets: RunSecrets, diagnostics: Diagnostics,
    policy: @escaping () -> Result<ControlPolicy, ControlRefusal>
  ) throws(ProcessError) {
    orphans = try Orphans()
    self.machine = machine
    self.plan = plan
    self.programs = programs
    self.secrets = secrets
    self.diagnostics = diagnostics
    self.policy = policy
  }

  /// Runs until all is over; returns the exit status.
  package func run() throws(ProcessError) -> Int32 {
    Signals.ignoreBrokenPipes()
    var polling = try PollSet(signals: OnDemandLoop.signals)
    machine.begin()
    while true {
      obey()
      if let status, orphans.isEmpty { return status }
      if let channel {
        if channel.queue.count < OnDemandLoop.answersLimit { polling.watch(channel.reading, for: .read) }
        if !channel.queue.isEmpty { polling.watch(channel.writing, for: .write) }
      }
      try polling.wait(until: [machine.deadline, orphans.deadline].compactMap { $0 }.min())
      while let signal = polling.takeSignal() {
        if signal.number != SIGCHLD { machine.signalled(signal.number, at: BootClock.now) }
      }
      if let channel, polling[channel.reading].isReadable { readChannel() }
      reap()
      machine.timePassed(at: BootClock.now)
    }
  }

  private func obey() {
    while let effect = machine.nextEffect() {
      switch effect {
      case .openChannel: openChannel()
      // One that is closing may take it yet.
      case .tell(let line): if let writing = channel?.writing, writing >= 0 { channel?.queue.append(line) }
      case .closeChannel: channel?.isEnding = true
      case .signalChannel(let number): channel?.process.send(signal: number)
      case .start(let start): self.start(start)
      case .signal(let seq, let part, let number):
        let process = part == .spawn ? pipelines[seq]?.spawn : pipelines[seq]?.tunnel
        process?.send(signal: number)
      case .drain: startDrain()
      case .signalDrain(let number): drain?.send(signal: number)
      case .note(let message): diagnostics.note(message)
      case .warn(let message): diagnostics.warning(message)
      case .fail(let message, let hint): diagnostics.error(message, hint: hint)
      case .finish(let status): self.status = status
      }
    }
    writeChannel()
  }
}

// MARK: - Sessions

extension OnDemandLoop {
  private func start(_ start: OnDemand.Start) {
    do throws(ProcessError) {
      let pipeline = try pipeline(of: start)
      pipelines[start.seq] = pipeline
      owners[pipeline.spawn.processID] = .session(start.seq, .spawn)
      owners[pipeline.tunnel.processID] = .session(start.seq, .tunnel)
      machine.sessionStarted(start, wall: WallClock.now)
    } catch {
      machine.sessionNotStarted(start, "\(error)", at: BootClock.now, wall: WallClock.now)
    }
  }

  private func pipeline(of start: OnDemand.Start) throws(ProcessError) -> RunPipeline {
    let null = try Descriptor.null()
    defer { close(null) }
    var plan = plan.pipeline(of: start)
    do throws(ProcessError) {
      if let prompt = start.prompt {
        plan.passToSpawn(try Descriptor.memory(holding: Array(prompt.utf8))) { "--prompt=@/dev/fd/\($0)" }
      }
      try secrets.hand { plan.pass($0, by: $1) }
    } catch {
      for descriptor in plan.spawnDescriptors + plan.tunnelDescriptors { close(descriptor) }
      throw error
    }
    return try RunPipeline(plan, programs: programs, input: null, isApart: true)
  }

  /// Takes what has ended, each once.
  private func reap() {
    while let (processID, status) = ChildProcess.reapAny() {
      switch owners.removeValue(forKey: processID) {
      case .channel: channelEnded(status)
      case .drain:
        drain = nil
        machine.drainEnded(status, at: BootClock.now)
      case .session(let seq, let part):
        machine.partEnded(seq, part, status, at: BootClock.now)
        if machine.isOver(seq) { pipelines[seq] = nil }
      // An orphan of a session's that came to us.
      case nil: break
      }
    }
    orphans.look(sparing: Array(owners.keys), at: BootClock.now)
  }
}

// MARK: - The channel

extension OnDemandLoop {
  private func openChannel() {
    do throws(ProcessError) {
      channel = try makeChannel()
      if let channel { owners[channel.process.processID] = .channel }
    } catch {
      machine.channelNotStarted("\(error)", at: BootClock.now, using: &random)
    }
  }

  private func makeChannel() throws(ProcessError) -> Channel {
    let input = try Descriptor.pipe()
    var theirs = [input.reading]
    var ours = [input.writing]
    defer { for descriptor in theirs { close(descriptor) } }
    do throws(ProcessError) {
      let output = try Descriptor.pipe()
      theirs.append(output.writing)
      ours.append(output.reading)
      let process = try tunnel(plan.channelArguments, input: input.reading, output: output.writing)
      return Channel(process: process, reading: output.reading, writing: input.writing)
    } catch {
      for descriptor in ours { close(descriptor) }
      throw error
    }
  }

  /// Starts a ra-tunnel that is no session's.
  private func tunnel(_ words: [String], input: Int32, output: Int32) throws(ProcessError) -> ChildProcess {
    var arguments = words
    var handed: [Int32] = []
    defer { for descriptor in handed { close(descriptor) } }
    try secrets.hand {
      arguments.append($1(3 + handed.count))
      handed.append($0)
    }
    return try ChildProcess(
      programs.tunnel, arguments: arguments, descriptors: [input, output, 2] + handed, endsWithUs: SIGTERM,
      newGroup: true)
  }

  private func startDrain() {
    do throws(ProcessError) {
      let null = try Descriptor.null()
      defer { close(null) }
      let process = try tunnel(plan.drainArguments, input: null, output: null)
      drain = process
      owners[process.processID] = .drain
    } catch {
      machine.drainNotStarted("\(error)", at: BootClock.now)
    }
  }

  /// Reads once; false if there is nothing more now.
  @discardableResult private func readChannel() -> Bool {
    guard let descriptor = channel?.reading, descriptor >= 0 else { return false }
    switch buffer.withUnsafeMutableBytes({ Descriptor.read(into: $0, from: descriptor) }) {
    case .nothing: return false
    case .bytes(let count):
      buffer.withUnsafeBytes {
        machine.channelRead(
          UnsafeRawBufferPointer(rebasing: $0[..<count]), at: BootClock.now, wall: WallClock.now, policy: policy)
      }
      return true
    case .end, .failed:
      close(descriptor)
      channel?.reading = -1
      machine.channelRead(nil, at: BootClock.now, wall: WallClock.now, policy: policy)
      return false
    }
  }

  private func writeChannel() {
    guard let writing = channel?.writing, writing >= 0, let written = channel?.queue.write(to: writing) else { return }
    switch written {
    case .bytes, .full: break
    // It ends; what it did not take is told to the next.
    case .broken, .failed: channel?.queue.removeAll()
    }
    guard channel?.isEnding == true, channel?.queue.isEmpty == true else { return }
    close(writing)
    channel?.writing = -1
  }

  private func channelEnded(_ status: WaitStatus) {
    // It may have written starts, which are noted as taken.
    while readChannel() {}
    if let channel {
      for descriptor in [channel.reading, channel.writing] where descriptor >= 0 { close(descriptor) }
    }
    channel = nil
    machine.channelEnded(status, at: BootClock.now, using: &random)
  }
}

extension ChildProcess {
  /// A child that has ended, whichever, and how; nil if there is none now.
  static func reapAny() -> (processID: Int32, status: WaitStatus)? {
    var status: Int32 = 0
    while true {
      let result = waitpid(-1, &status, WNOHANG)
      if result < 0, errno == EINTR { continue }
      return result > 0 ? (result, WaitStatus(rawValue: status)) : nil
    }
  }
}
