import Glibc
import RemoteAgentCore

/// The process of the agent, and what it reads.
extension SpawnLoop {
  func start() {
    closeStreams()
    switch command(session.settings, session.launch) {
    case .failure(let failure): session.agentNotStarted(failure, at: moment)
    case .success(let command):
      do throws(ProcessError) {
        try start(command)
      } catch {
        notStarted(.system, "\(error)")
      }
    }
  }

  private func start(_ command: AgentCommand) throws(ProcessError) {
    var theirs: [Int32] = []
    defer { for descriptor in theirs { close(descriptor) } }
    var input = descriptors.input
    switch session.launch.input {
    case .inherited: break
    case .null:
      input = try Descriptor.null()
      theirs.append(input)
    case .pipe:
      let pipe = try Descriptor.pipe()
      (input, agentInput) = (pipe.reading, pipe.writing)
      theirs.append(pipe.reading)
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

  func hearGuard() {
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

  /// Writes what the agent's pipe takes.
  func writeAgentInput() {
    guard agentInput >= 0 else { return }
    switch agentInputQueue.write(to: agentInput) {
    case .bytes(let count): if count > 0 { session.inputWritten(count, at: moment) }
    case .full: break
    case .broken, .failed: loseAgentInput()
    }
    if closesInput, agentInputQueue.isEmpty { closeAgentInput() }
  }

  /// The agent reads no more.
  func loseAgentInput() {
    closeAgentInput()
    session.inputBroke(at: moment)
  }

  func give(_ bytes: [UInt8]) {
    // One that asks and asks and never reads an answer is as one that has closed its end.
    let isTooMuch = agentInputQueue.count > SpawnSession.mostInput
    if isTooMuch { closeAgentInput() }
    if agentInput >= 0 { agentInputQueue.append(bytes) } else { session.inputBroke(isByUs: isTooMuch, at: moment) }
  }

  private func closeAgentInput() {
    if agentInput >= 0 { close(agentInput) }
    agentInput = -1
    agentInputQueue.removeAll()
    closesInput = false
  }

  func closeStreams() {
    for stream in streams { close(stream.descriptor) }
    streams.removeAll()
    closeAgentInput()
  }
}
