package import RemoteAgentCore

/// What an agent asks to be allowed (``AdministrationRequest/questions(id:)``), as lines for a terminal: whole, and harmless.
package enum QuestionText {
  /// All that the tool is to be given, a line for each member.
  package static func wanted(_ question: JSON) -> [String] {
    if let bytes = question["inputBytes"]?.integer { return ["\(bytes) bytes, which the log left out"] }
    guard let input = question["input"] else { return [] }
    guard let members = input.members else { return [TerminalText.field(input.string ?? input.text)] }
    return members.map { TerminalText.field("\($0.name): \($0.value.string ?? $0.value.text)") }
  }

  /// The tool, what it is to be given, and the command that decides it.
  ///
  /// - Parameters:
  ///   - command: the words before the session's name.
  ///   - action: the word after it, `approve` or `deny`.
  package static func lines(_ question: JSON, command: [String], session: String, action: String) -> [String] {
    let name = question["requestId"]?.string ?? ""
    // A name may look like an option.
    let words = command + [session, action] + (name.hasPrefix("-") ? ["--", name] : [name])
    let tool = TerminalText.field(question["tool"]?.string ?? "")
    return [tool] + wanted(question).map { "  " + $0 }
      + ["  \(action) it by: " + TerminalText.field(words.map(ShellWord.quoted).joined(separator: " "))]
  }
}
