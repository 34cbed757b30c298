import Glibc
import RemoteAgentCore

/// Turns, as the dialogue tells them.
extension SpawnSession {
  struct Turn {
    let number: Int
    /// The prompt's, if it is one of ours.
    let id: String?
    /// Until the agent has it.
    var prompt: Prompt?
    var interruption: Interruption?
    var giveUpAt: Milliseconds?
  }

  /// Why a turn is not let go on.
  enum Interruption: Equatable {
    /// By control: it says nothing against the run, if another turn follows.
    case asked
    /// By a signal to ra-spawn.
    case signalled
    case timedOut(String)

    var detail: String {
      switch self {
      case .asked, .signalled: "interrupted"
      case .timedOut(let why): why
      }
    }
  }

  /// Lets the dialogue hear standard output, nil for its end, line by line: what it makes of one stands after it.
  mutating func hear(_ bytes: UnsafeRawBufferPointer?, at moment: Moment) {
    var framer = heardLines
    heardLines = LineFramer()
    if let bytes {
      var start = 0
      while start < bytes.count {
        let end = SpawnSession.endOfLine(in: bytes, from: start)
        let line = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        output.read(line, stream: .stdout, ts: moment.wall)
        framer.feed(line) { dialogue?.heard($0, $1) }
        obeyDialogue(at: moment)
        start = end
      }
    } else {
      output.read(nil, stream: .stdout, ts: moment.wall)
      framer.finish { dialogue?.heard($0, $1) }
      obeyDialogue(at: moment)
    }
    heardLines = framer
  }

  /// Behind the next LF, or the end of what there is.
  private static func endOfLine(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    guard let base = bytes.baseAddress, let found = memchr(base + start, 10, bytes.count - start) else {
      return bytes.count
    }
    return UnsafeRawPointer(found) - base + 1
  }

  /// Does what the dialogue wants, and sends the next prompt if it is free.
  mutating func obeyDialogue(at moment: Moment) {
    while let effect = dialogue?.nextEffect() {
      switch effect {
      case .write(let bytes): effects.append(.input(bytes))
      case .endInput: effects.append(.closeInput)
      case .took(let id): promptTaken(id, at: moment)
      case .began: if turn == nil { beginTurn(nil, id: nil, at: moment) }
      case .ended(let outcome, let detail): endTurn(outcome, told: outcome, detail: detail, at: moment)
      case .resultIsDue: turn?.giveUpAt = moment.now + SpawnSession.resultTime
      case .asks(let question): asked(question, at: moment)
      case .denied(let id, let tool, let reason): deniedAtOnce(id, tool, reason, at: moment)
      case .withdrew(let id): decided(id, "withdrawn", by: "agent", at: moment)
      case .session(let session): continuation = session
      case .broke(let reason): broke(reason, at: moment)
      }
    }
    if dialogue?.isReady == true { hasBeenReady = true }
    sendNextPrompt(at: moment)
  }

  mutating func beginTurn(_ prompt: Prompt?, id: String?, at moment: Moment) {
    turns += 1
    turn = Turn(number: turns, id: id, prompt: prompt)
    result.turnBegins(turns)
    quietSince = moment.now
    if let id, let prompt { output.promptSent(uuid: id, from: prompt.origin) }
    turnStatus(turns, "started", detail: nil, at: moment)
  }

  private mutating func promptTaken(_ id: String, at moment: Moment) {
    guard turn?.id == id, let prompt = turn?.prompt else { return }
    turn?.prompt = nil
    result.hasTakenPrompt = true
    if let seq = prompt.control { answer(seq, at: moment) }
  }

  /// The process has ended, and so has its turn.
  mutating func endLastTurn(_ ending: WaitStatus, at moment: Moment) {
    guard turn != nil else { return }
    if case .exited(let code) = ending, let meaning = dialogue?.meaning(ofExit: code) {
      endTurn(meaning.0, told: nil, detail: meaning.detail, at: moment)
    } else {
      endTurn(.incomplete, told: nil, detail: "the agent ended without a result", at: moment)
    }
  }

  /// - Parameter told: what the agent said itself.
  mutating func endTurn(_ outcome: AgentOutcome, told: AgentOutcome?, detail: String?, at moment: Moment) {
    guard let turn else { return }
    self.turn = nil
    quietSince = moment.now
    var (outcome, detail) = (outcome, detail)
    // What ended by itself before it was interrupted, was not; a dialogue knows that of an error, too.
    let isItsOwn = outcome == .ok || isDialogue && turn.interruption == .asked && told == .error
    let interruption = isItsOwn ? nil : turn.interruption
    if let interruption { (outcome, detail) = (.incomplete, interruption.detail) }
    // Hidden here once, for the person on standard error, too.
    detail = detail.map { shown($0) }
    result.turnEnds(
      RunResult.Failure(turn: turn.number, outcome: outcome, detail: detail), told: told,
      onRequest: interruption == .asked)
    turnStatus(turn.number, outcome.rawValue, detail: detail, at: moment)
    guard let prompt = turn.prompt else { return }
    if outcome == .ok {
      if let seq = prompt.control { answer(seq, at: moment) }
    } else {
      refuse(prompt, because: detail ?? "its turn was \(outcome.rawValue)", at: moment)
    }
  }

  /// What the agent says of itself, without its secrets, and cut only then.
  private mutating func shown(_ detail: String) -> String {
    AgentDialogue.beginning(of: output.redact(detail), bytes: SpawnSession.longestDetail)
  }

  private mutating func turnStatus(_ turn: Int, _ outcome: String, detail: String?, at moment: Moment) {
    var members: [JSON.Member] = [.init("turn", .integer(Int64(turn))), .init("outcome", .string(outcome))]
    if let detail { members.append(.init("detail", .string(detail))) }
    status("turn", .object(members), at: moment)
  }

  /// The agent can't be talked to.
  private mutating func broke(_ reason: String, at moment: Moment) {
    fail(code: "dialogue", "talking to the agent: \(shown(reason))", at: moment)
    if turn == nil {
      let failure = RunResult.Failure(turn: turns, outcome: .error, detail: shown(reason))
      result.turnEnds(failure, told: nil, onRequest: false)
    } else {
      endTurn(.error, told: nil, detail: reason, at: moment)
    }
    stop(grace: SpawnSession.stopGrace, because: .timedOut(reason), at: moment)
  }

  /// Tells of an error as a status and on standard error.
  mutating func fail(code: String, _ message: String, at moment: Moment) {
    status("error", ["code": .string(code), "message": .string(message)], at: moment)
    effects.append(.fail(message, hint: nil))
  }
}
