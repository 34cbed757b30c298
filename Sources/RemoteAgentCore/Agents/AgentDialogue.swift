/// The talk with one process of an agent, without I/O: what it says becomes what a session has to know, and what it is to be
/// told becomes bytes for its standard input.
///
/// Call an input, then `nextEffect` until it gives nil. It keeps no time: who drives it does.
package struct AgentDialogue: Sendable {
  /// What it is to the process.
  package enum Role: Sendable, Equatable {
    /// The process takes prompts on its standard input (``AgentProfile/Dialogue``).
    ///
    /// - asks: whether somebody answers its questions; else each is denied at once.
    case drives(folder: String, asks: Bool)
    /// The process has one prompt (``AgentProfile/Single``), or whatever it was run with (raw mode: `prompt` is nil).
    ///
    /// - prompt: the prompt's id.
    /// - input: what it reads from its standard input; nil if the prompt was in its arguments.
    case listens(prompt: String?, input: String?)
  }

  package enum Effect: Sendable, Equatable {
    /// For the agent's standard input.
    case write([UInt8])
    /// The end of the agent's standard input.
    case endInput
    /// It has the prompt of this id, by its own word.
    case took(prompt: String)
    /// A turn began that is no prompt's of ours.
    case began
    /// The turn is over, by its own word.
    case ended(AgentOutcome, detail: String?)
    /// It is done with the prompt, and its result is all that is missing.
    case resultIsDue
    case asks(AgentQuestion)
    /// A question was denied at once, and why: nobody answers, or nobody could (it is too long, or wants more than yes or no).
    case denied(requestId: String, tool: String, reason: String)
    /// A question need not be answered any more.
    case withdrew(requestId: String)
    /// What a later process continues this one by.
    case session(String)
    /// It can't be talked to: why.
    case broke(String)
  }

  /// The detail of a turn that was interrupted on request.
  package static let interrupted = "interrupted"

  /// The detail of a result by which a turn may have failed or not.
  static let unclearResult = "its result does not say whether it failed"

  // Why a question is denied at once.
  static let nobodyAnswers = "nobody is there who could allow it"
  static let questionIsTooLong = "the question is longer than 1 MiB, which nobody is asked"
  static let questionIsUnreadable = "the question can't be read"
  static let changesAreUnknown = "the changes it is about are not known, or too large to be shown"
  static let tooManyQuestions = "too many questions are open"

  /// What an agent is told of a request whose name another one has.
  static let nameIsTaken = "ra-spawn has another question of this name"

  private var talk: any DialectDialogue
  private let dialect: AgentDialect

  package init(_ dialect: AgentDialect, role: Role) {
    self.dialect = dialect
    talk =
      switch dialect {
      case .claude: ClaudeDialogue(role: role)
      case .codexServer: CodexServerDialogue(role: role)
      case .codexExec: CodexExecDialogue(role: role)
      case .gemini: GeminiDialogue(role: role)
      }
  }

  package mutating func nextEffect() -> Effect? { talk.effects.isEmpty ? nil : talk.effects.removeFirst() }

  /// Whether a prompt may be sent now: the process has said that it is there.
  package var isReady: Bool { talk.isReady }

  /// The process runs.
  package mutating func started() { talk.started() }

  /// Sends a prompt; one at a time, when it is ready and after the turn before has ended.
  ///
  /// A turn that ends without `took` is a prompt that the agent refused; the detail is its reason.
  ///
  /// - Parameter id: a UUID.
  package mutating func send(prompt: String, id: String) { talk.send(prompt: prompt, id: id) }

  /// Asks it to leave off its turn, and stay; false if there is no turn, or no way but a signal.
  package mutating func interrupt() -> Bool { talk.interrupt() }

  /// Answers a question; false if it is not open.
  package mutating func answer(_ requestId: String, _ decision: AgentDecision) -> Bool {
    talk.answer(requestId, decision)
  }

  /// Takes the next piece of a line of its standard output, as it came.
  package mutating func heard(_ bytes: UnsafeRawBufferPointer, _ piece: LinePiece) { talk.heard(bytes, piece) }

  /// What an end of the process without a result means; nil: nothing.
  package func meaning(ofExit code: Int32) -> (AgentOutcome, detail: String)? {
    let meaning = AgentDialogue.meaning(ofExit: code, dialect)
    guard code != 0, let lastError = talk.lastError else { return meaning }
    return (.error, lastError)
  }

  /// What an end of the process without a result means in this dialect; nil: nothing.
  package static func meaning(ofExit code: Int32, _ dialect: AgentDialect) -> (AgentOutcome, detail: String)? {
    switch (dialect, code) {
    case (.gemini, 41): (.error, "gemini is not logged in (exit status 41)")
    case (.gemini, 42): (.error, "gemini did not take the prompt or its arguments (exit status 42)")
    case (.gemini, 44): (.error, "gemini's sandbox failed (exit status 44)")
    case (.gemini, 52): (.error, "gemini's settings are wrong (exit status 52)")
    case (.gemini, 53): (.error, "gemini reached its limit of turns (exit status 53)")
    case (.gemini, 54): (.error, "a tool of gemini's failed fatally (exit status 54)")
    default: nil
    }
  }

  /// The longest detail of an outcome, in UTF-8 bytes. Who shows it hides secrets in it first, and cuts then, to far less:
  /// a secret that begins in what is shown must be whole in this.
  package static let longestDetail = 16 << 10

  /// The beginning of an agent's reason, of at most so many bytes.
  package static func beginning(of text: String, bytes: Int = longestDetail) -> String {
    var detail = text
    while detail.utf8.count > bytes {
      detail = String(detail.unicodeScalars.dropLast(max(1, (detail.utf8.count - bytes) / 4)))
    }
    return detail
  }
}

/// What a turn, and a run, came to.
package enum AgentOutcome: String, Sendable {
  case ok
  case error
  /// There was no result.
  case incomplete

  /// The one to tell of two: an error, before what is not known, before what went well.
  package func worse(_ other: AgentOutcome) -> AgentOutcome {
    self == .error || other == .error ? .error : self == .incomplete ? self : other
  }
}

/// What an agent wants to be allowed to do.
package struct AgentQuestion: Sendable, Equatable {
  /// How deep its input may be; its status is a level deeper.
  package static let maximumDepth = 255

  /// The agent's own name of it, as text.
  package let requestId: String
  package let tool: String
  /// An object: what the tool is to be given.
  package let input: JSON

  package init(requestId: String, tool: String, input: JSON) {
    self.requestId = requestId
    self.tool = tool
    self.input = input
  }
}

package enum AgentDecision: Sendable, Equatable {
  case allow
  /// With what the agent is told.
  case deny(message: String)
}
