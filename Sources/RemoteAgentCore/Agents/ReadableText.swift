/// Shows an agent's output lines as a person reads them: claude's events as text, other lines as they are, nothing that
/// could steer a terminal.
///
///     > fix the tests                      a prompt
///     I'll look at them.                   what the agent says
///     [Bash] swift test                    a tool and what it is given
///       | 3 tests failed                   the beginning of what it gave
///     [done: 4 turns, 12.3 s, $0.0123]     or: [error: why]
package struct ReadableText: Sendable {
  /// The longest event that is read; of a longer one only the size is shown.
  package static let longestEvent = 1 << 20

  private let isClaude: Bool
  private let escapes: Bool
  private var line: [UInt8] = []
  private var lineLength = 0

  /// - Parameters:
  ///   - profile: the agent's; nil for a program that is none.
  ///   - escapes: whether control characters are made visible; claude's text is always safe.
  package init(profile: AgentProfile?, escapes: Bool) {
    isClaude = profile?.speaksClaude ?? false
    self.escapes = escapes
  }

  /// Takes the next piece of a line of the agent's output and appends what is to be shown.
  package mutating func feed(_ bytes: UnsafeRawBufferPointer, piece: LinePiece, to output: inout [UInt8]) {
    guard isClaude else {
      appendPlain(bytes, piece: piece, to: &output)
      return
    }
    lineLength += bytes.count
    if lineLength <= ReadableText.longestEvent { line.append(contentsOf: bytes) }
    guard piece.endsLine else { return }
    defer {
      line.removeAll(keepingCapacity: lineLength < 1 << 16)
      lineLength = 0
    }
    if lineLength > ReadableText.longestEvent {
      output.append(contentsOf: "[a line of \(lineLength) bytes]\n".utf8)
    } else if line.first == UInt8(ascii: "{"), let event = try? JSON(parsing: line, maximumDepth: 256) {
      TerminalText.append(ClaudeText.text(of: event).utf8, keepsLines: true, to: &output)
    } else {
      line.withUnsafeBytes { appendPlain($0, piece: piece, to: &output) }
    }
  }

  private func appendPlain(_ bytes: UnsafeRawBufferPointer, piece: LinePiece, to output: inout [UInt8]) {
    if escapes || isClaude {
      TerminalText.append(bytes, to: &output)
    } else {
      output.append(contentsOf: bytes)
    }
    if piece.terminated { output.append(UInt8(ascii: "\n")) }
  }
}
