import RemoteAgentCore

/// What control wants written to the agent's standard input, until it is.
struct AgentInputs {
  /// The most bytes that may wait.
  static let limit = 1 << 20

  /// Whether the agent reads such input.
  var isOpen = false
  /// Controls, each with the position of its last byte.
  private var waiting: [(seq: Int64, end: Int)] = []
  private var given = 0
  private var written = 0

  init(isOpen: Bool = false) { self.isOpen = isOpen }

  mutating func add(_ count: Int, for seq: Int64) throws(ControlRefusal) {
    guard isOpen else { throw ControlRefusal("the agent reads no input from here") }
    guard given - written + count <= AgentInputs.limit else {
      throw ControlRefusal("\(given - written) bytes of input wait already")
    }
    given += count
    waiting.append((seq, given))
  }

  /// So many more bytes were written; returns the controls that are done.
  mutating func wrote(_ count: Int) -> [Int64] {
    written += count
    let done = waiting.prefix { $0.end <= written }.map(\.seq)
    waiting.removeFirst(done.count)
    return done
  }

  /// No more is written; returns the controls that are not done.
  mutating func close() -> [Int64] {
    isOpen = false
    defer { waiting.removeAll() }
    return waiting.map(\.seq)
  }
}

extension SpawnSession {
  mutating func inputAsked(_ seq: Int64, _ bytes: [UInt8], at moment: Moment) throws(ControlRefusal) {
    guard life == .starting || life == .running else { throw ControlRefusal("no agent is running") }
    guard settings.way == .raw else { throw ControlRefusal("in session mode the agent's input is its prompts") }
    try inputs.add(bytes.count, for: seq)
    if bytes.isEmpty { inputWritten(0, at: moment) } else { effects.append(.input(bytes)) }
  }

  /// So many bytes more have gone into the agent's pipe.
  package mutating func inputWritten(_ count: Int, at moment: Moment) {
    for seq in inputs.wrote(count) { answer(seq, at: moment) }
  }

  /// The agent's end of the pipe is closed, or ours.
  ///
  /// - Parameter isByUs: whether it read so little that more than `mostInput` waited.
  package mutating func inputBroke(isByUs: Bool = false, at moment: Moment) {
    refuseInputs(because: "the agent reads no more", at: moment)
    guard isDialogue, life == .running, !isInputClosed else { return }
    // It will take no prompt: its end says the rest.
    isInputClosed = true
    if isByUs {
      let waiting = "more than \(SpawnSession.mostInput >> 20) MiB"
      effects.append(.warn("the agent reads nothing, and \(waiting) wait for it; its input is closed"))
    }
    withdrawQuestions(at: moment)
    dropPrompts(because: "the agent reads no more", at: moment)
    let why = isByUs ? "its input is closed" : "it has closed its input"
    termination = earlier(
      Termination(
        at: moment.now + SpawnSession.endOfInputTime,
        warning: "the agent doesn't end although \(why); it gets SIGTERM"))
  }

  mutating func refuseInputs(because reason: String, at moment: Moment) {
    for seq in inputs.close() { answer(seq, refused: reason, at: moment) }
  }

  /// Nobody can write to control any more.
  mutating func controlEnded(at moment: Moment) {
    denyAll(at: moment)
    if inputs.isOpen {
      inputs.isOpen = false
      effects.append(.closeInput)
    }
    // Nobody can start an agent, or bring a prompt; what is typed may wait for one.
    if life == .idle {
      endRun(because: "nobody can start the agent any more", at: moment)
    } else {
      sendNextPrompt(at: moment)
    }
  }
}
