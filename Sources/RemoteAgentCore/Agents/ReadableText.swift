/// Shows an agent's output lines as a person reads them: its events as text (`AgentEvents`), other lines as they are.
package struct ReadableText: Sendable {
  private let escapes: Bool
  /// Nil for a program whose lines are never events.
  private var reader: EventReader?

  /// - Parameters:
  ///   - dialect: what the process speaks; nil for one that has no events.
  ///   - escapes: whether control characters are made visible; where there are events they always are.
  package init(dialect: AgentDialect?, escapes: Bool) {
    reader = dialect.map { EventReader(dialect: $0) }
    self.escapes = escapes || dialect != nil
  }

  /// - Parameter profile: the agent's, whose dialect is seen by its lines; nil for a program that is none.
  package init(profile: AgentProfile?, escapes: Bool) {
    let hasEvents = profile?.dialects.isEmpty == false
    reader = hasEvents ? EventReader(profile: profile) : nil
    self.escapes = escapes || hasEvents
  }

  /// A prompt was sent to the agent, with an id that its events name it by: how it is shown goes by where it came from.
  package mutating func promptSent(uuid: String, from origin: PromptOrigin) {
    reader?.promptSent(uuid: uuid, from: origin)
  }

  /// Appends a prompt that was given to an agent whose events don't have it.
  package func show(prompt: String, from origin: PromptOrigin, to output: inout [UInt8]) {
    TerminalText.append(ShownText.prompt(prompt, from: origin).utf8, keepsLines: true, to: &output)
  }

  /// Takes the next piece of a line of the agent's output and appends what is to be shown.
  package mutating func feed(_ bytes: UnsafeRawBufferPointer, piece: LinePiece, to output: inout [UInt8]) {
    append(reader?.read(bytes, piece) ?? .plain(held: []), bytes, isTerminated: piece.terminated, to: &output)
  }

  /// The output has ended: appends what was held of a line that never did.
  package mutating func finish(to output: inout [UInt8]) {
    for reading in reader?.finish() ?? [] {
      append(reading, UnsafeRawBufferPointer(start: nil, count: 0), isTerminated: false, to: &output)
    }
  }

  private func append(
    _ reading: EventReader.Reading, _ bytes: UnsafeRawBufferPointer, isTerminated: Bool, to output: inout [UInt8]
  ) {
    switch reading {
    case .held: break
    case .event(let text): TerminalText.append(text.utf8, keepsLines: true, to: &output)
    case .tooLong(let count): output.append(contentsOf: "[a line of \(count) bytes]\n".utf8)
    case .plain(let held):
      appendPlain(held, to: &output)
      appendPlain(bytes, to: &output)
      if isTerminated { output.append(UInt8(ascii: "\n")) }
    }
  }

  private func appendPlain(_ bytes: some Collection<UInt8>, to output: inout [UInt8]) {
    if escapes { TerminalText.append(bytes, to: &output) } else { output.append(contentsOf: bytes) }
  }
}
