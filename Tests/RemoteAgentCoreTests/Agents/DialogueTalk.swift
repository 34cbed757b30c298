import RemoteAgentCore
import Testing

/// A dialogue under test: lines go in, whole or in pieces, and effects come out.
struct DialogueTalk {
  typealias Effect = AgentDialogue.Effect

  var dialogue: AgentDialogue
  /// Bytes of a piece.
  var step = Int.max

  init(_ dialect: AgentDialect, _ role: AgentDialogue.Role, step: Int = .max) {
    dialogue = AgentDialogue(dialect, role: role)
    self.step = step
  }

  mutating func effects() -> [Effect] {
    var effects: [Effect] = []
    while let effect = dialogue.nextEffect() { effects.append(effect) }
    return effects
  }

  mutating func started() -> [Effect] {
    dialogue.started()
    return effects()
  }

  mutating func send(_ prompt: String, _ id: String) -> [Effect] {
    dialogue.send(prompt: prompt, id: id)
    return effects()
  }

  /// What comes of the lines.
  mutating func hear(_ lines: String...) -> [Effect] { hear(lines) }

  mutating func hear(_ lines: [String]) -> [Effect] {
    lines.flatMap { hear(bytes: Array($0.utf8)) }
  }

  mutating func hear(bytes: [UInt8]) -> [Effect] {
    var start = 0
    repeat {
      let end = step >= bytes.count - start ? bytes.count : start + step
      let piece = LinePiece(startsLine: start == 0, endsLine: end == bytes.count, terminated: end == bytes.count)
      bytes[start..<end].withUnsafeBytes { dialogue.heard($0, piece) }
      start = end
    } while start < bytes.count
    return effects()
  }
}

extension AgentDialogue.Effect {
  /// What is written, as text.
  static func line(_ text: String) -> Self { .write(Array("\(text)\n".utf8)) }

  var written: JSON? {
    guard case .write(let bytes) = self else { return nil }
    return try? JSON(parsing: bytes)
  }
}
