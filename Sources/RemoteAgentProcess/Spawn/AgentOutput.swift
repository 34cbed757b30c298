import RemoteAgentCore

/// Turns what the agent writes into log lines and text for a person. What is secret is hidden before.
struct AgentOutput {
  /// The line format, for standard output.
  private(set) var lines: [UInt8] = []
  /// The agent's standard output and error, readable.
  private(set) var echo: [UInt8] = []
  private(set) var errorEcho: [UInt8] = []

  private var framers = [LineFramer(), LineFramer()]
  private let rules: RedactionRules?
  private var redactors: [Redactor] = []
  private var readable: [ReadableText]?
  private let echoEscapes: (output: Bool, errors: Bool)?

  /// Nothing may be read before the first `restart`.
  ///
  /// - Parameters:
  ///   - rules: what is hidden; nil for nothing.
  ///   - echoEscapes: whether readable text is wanted for standard output and error, and made safe for a terminal.
  init(rules: RedactionRules?, echoEscapes: (output: Bool, errors: Bool)?) {
    self.rules = rules
    redactors = AgentOutput.redactors(rules)
    self.echoEscapes = echoEscapes
  }

  /// A new process begins, perhaps of another agent: nothing is left of the last one's lines.
  ///
  /// - Parameter dialect: what it speaks; nil if that is seen by its lines.
  mutating func restart(profile: AgentProfile?, dialect: AgentDialect?) {
    framers = [LineFramer(), LineFramer()]
    redactors = AgentOutput.redactors(rules)
    readable = echoEscapes.map { escapes in
      let output =
        dialect.map { ReadableText(dialect: $0, escapes: escapes.output) }
        ?? ReadableText(profile: profile, escapes: escapes.output)
      return [output, ReadableText(dialect: nil, escapes: escapes.errors)]
    }
  }

  /// One for each stream; none where nothing is hidden.
  private static func redactors(_ rules: RedactionRules?) -> [Redactor] {
    rules.map { [Redactor($0), Redactor($0)] } ?? []
  }

  /// How many secrets were hidden since the process began.
  var redacted: Int { redactors.reduce(0) { $0 + $1.count } }

  /// A prompt was sent to the agent.
  mutating func promptSent(uuid: String, from origin: PromptOrigin) {
    readable?[0].promptSent(uuid: uuid, from: origin)
  }

  /// The same of an agent whose events don't have the prompt.
  mutating func show(prompt: String, from origin: PromptOrigin) {
    guard readable != nil else { return }
    let shown = redact(prompt)
    readable?[0].show(prompt: shown, from: origin, to: &echo)
  }

  mutating func status(_ payload: JSON, ts: Int64) {
    LineWriter.status(redact(members: payload), ts: ts, to: &lines)
  }

  /// The members that have text from elsewhere; the others are words of the protocol.
  private static let textMembers: Set<String> = [
    "agent", "argv", "cwd", "message", "detail", "reason", "tool", "input",
  ]

  private mutating func redact(members payload: JSON) -> JSON {
    guard !redactors.isEmpty, let members = payload.members else { return payload }
    return .object(
      members.compactMap { member in
        guard AgentOutput.textMembers.contains(member.name) else { return member }
        if let value = redact(member.value) { return JSON.Member(member.name, value) }
        // What can't be shown without its secrets, or is too long then, is not silently left out.
        return JSON.Member("\(member.name)Bytes", .integer(Int64(member.value.serialized().count)))
      })
  }

  /// The value with its secrets hidden; nil if it would be no JSON then, or longer than it may be.
  private mutating func redact(_ value: JSON) -> JSON? {
    switch value {
    case .string(let text): return .string(redact(text))
    // A word for itself, as a program has it.
    case .array(let values): return .array(values.map { value in value.string.map { .string(redact($0)) } ?? value })
    // As a line of its own: what is hidden in the log is hidden here.
    case .object:
      let text = value.text
      let shown = redact(text)
      if shown == text { return value }
      guard shown.utf8.count <= SpawnSession.longestQuestion else { return nil }
      return try? JSON(parsing: Array(shown.utf8), maximumDepth: AgentQuestion.maximumDepth)
    case .null, .bool, .number: return value
    }
  }

  /// The text with its secrets hidden.
  mutating func redact(_ text: String) -> String { redactors.isEmpty ? text : redactors[0].redact(text) }

  /// Takes what was read; nil for the end of the stream.
  mutating func read(_ bytes: UnsafeRawBufferPointer?, stream: LogStream, ts: Int64) {
    let index = stream == .stdout ? 0 : 1
    // The framer is taken out, since its calls change the rest.
    var framer = framers[index]
    framers[index] = LineFramer()
    func take(_ line: UnsafeRawBufferPointer, _ piece: LinePiece) {
      LineWriter.log(line, stream: stream, piece: piece, ts: ts, to: &lines)
      if index == 0 {
        readable?[0].feed(line, piece: piece, to: &echo)
      } else {
        readable?[1].feed(line, piece: piece, to: &errorEcho)
      }
    }
    if redactors.isEmpty {
      if let bytes { framer.feed(bytes, take) }
    } else if let bytes {
      redactors[index].feed(bytes) { framer.feed($0, take) }
    } else {
      redactors[index].finish { framer.feed($0, take) }
    }
    if bytes == nil {
      framer.finish(take)
      if index == 0 { readable?[0].finish(to: &echo) } else { readable?[1].finish(to: &errorEcho) }
    }
    framers[index] = framer
  }

  /// Gives what is to be written, and keeps nothing of it.
  mutating func takeAll() -> (lines: [UInt8], echo: [UInt8], errorEcho: [UInt8]) {
    defer { (lines, echo, errorEcho) = ([], [], []) }
    return (lines, echo, errorEcho)
  }
}
