import RemoteAgentCore

/// Turns what the agent writes into log lines, text for a person, and claude's events. What is secret is hidden before.
struct AgentOutput {
  /// The line format, for standard output.
  private(set) var lines: [UInt8] = []
  /// The agent's standard output and error, readable.
  private(set) var echo: [UInt8] = []
  private(set) var errorEcho: [UInt8] = []

  private var framers = [LineFramer(), LineFramer()]
  private let rules: RedactionRules?
  private var redactors: [Redactor] = []
  private var scanner: ClaudeEventScanner?
  private var readable: [ReadableText]?
  private let echoEscapes: (output: Bool, errors: Bool)?
  private var profile: AgentProfile?

  /// - Parameters:
  ///   - rules: what is hidden; nil for nothing.
  ///   - echoEscapes: whether readable text is wanted for standard output and error, and made safe for a terminal.
  init(profile: AgentProfile?, rules: RedactionRules?, echoEscapes: (output: Bool, errors: Bool)?) {
    self.rules = rules
    redactors = AgentOutput.redactors(rules)
    self.profile = profile
    self.echoEscapes = echoEscapes
    readAs(profile)
  }

  /// A new agent begins, perhaps another one: nothing is left of the last one's lines.
  mutating func restart(profile: AgentProfile?) {
    framers = [LineFramer(), LineFramer()]
    redactors = AgentOutput.redactors(rules)
    guard profile != self.profile else { return }
    self.profile = profile
    readAs(profile)
  }

  /// One for each stream; none where nothing is hidden.
  private static func redactors(_ rules: RedactionRules?) -> [Redactor] {
    rules.map { [Redactor($0), Redactor($0)] } ?? []
  }

  private mutating func readAs(_ profile: AgentProfile?) {
    scanner = profile?.speaksClaude == true ? ClaudeEventScanner() : nil
    readable = echoEscapes.map {
      [ReadableText(profile: profile, escapes: $0.output), ReadableText(profile: nil, escapes: $0.errors)]
    }
  }

  /// How many secrets were hidden since the agent began.
  var redacted: Int { redactors.reduce(0) { $0 + $1.count } }

  /// A prompt was sent to the agent.
  mutating func promptSent(uuid: String, from origin: PromptOrigin) {
    readable?[0].promptSent(uuid: uuid, from: origin)
  }

  mutating func status(_ payload: JSON, ts: Int64) {
    LineWriter.status(redact(payload), ts: ts, to: &lines)
  }

  /// The members that have text from elsewhere; the others are words of the protocol.
  private static let textMembers: Set<String> = ["agent", "argv", "cwd", "message", "detail", "reason"]

  private mutating func redact(_ payload: JSON) -> JSON {
    guard !redactors.isEmpty, let members = payload.members else { return payload }
    return .object(
      members.map { member in
        guard AgentOutput.textMembers.contains(member.name) else { return member }
        switch member.value {
        case .string(let text): return JSON.Member(member.name, .string(redactors[0].redact(text)))
        case .array(let words):
          return JSON.Member(
            member.name, .array(words.map { $0.string.map { .string(redactors[0].redact($0)) } ?? $0 }))
        default: return member
        }
      })
  }

  /// Takes what was read; nil for the end of the stream. Returns the events in it.
  mutating func read(_ bytes: UnsafeRawBufferPointer?, stream: LogStream, ts: Int64) -> [ClaudeEvent] {
    let index = stream == .stdout ? 0 : 1
    // The framer is taken out, since its calls change the rest.
    var framer = framers[index]
    framers[index] = LineFramer()
    var events: [ClaudeEvent] = []
    func take(_ line: UnsafeRawBufferPointer, _ piece: LinePiece) {
      LineWriter.log(line, stream: stream, piece: piece, ts: ts, to: &lines)
      if index == 0, let event = scanner?.feed(line, piece: piece) { events.append(event) }
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
    return events
  }

  /// Gives what is to be written, and keeps nothing of it.
  mutating func takeAll() -> (lines: [UInt8], echo: [UInt8], errorEcho: [UInt8]) {
    defer { (lines, echo, errorEcho) = ([], [], []) }
    return (lines, echo, errorEcho)
  }
}
