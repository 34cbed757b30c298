/// What is known of an agent's command line, by the name of its program.
package struct AgentProfile: Sendable, Equatable {
  package let name: String
  /// Whether it reads an inherited standard input although it was given a prompt, and hangs or waits for it.
  package let waitsForInput: Bool
  /// What runs it for many prompts on standard input; nil if we can't (yet).
  package let sessionArguments: [String]?
  /// Whether its output lines are claude's stream-json events, if they are JSON.
  package let speaksClaude: Bool

  /// The profile for a program, given as a path or name; nil if it is none that we know.
  package init?(program: String) {
    switch AgentProfile.baseName(program) {
    case "claude":
      self.init(
        name: "claude", waitsForInput: true,
        sessionArguments: [
          "-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose",
          "--replay-user-messages",
        ], speaksClaude: true)
    case "codex": self.init(name: "codex", waitsForInput: true, sessionArguments: nil, speaksClaude: false)
    case "gemini": self.init(name: "gemini", waitsForInput: true, sessionArguments: nil, speaksClaude: false)
    default: return nil
    }
  }

  private init(name: String, waitsForInput: Bool, sessionArguments: [String]?, speaksClaude: Bool) {
    self.name = name
    self.waitsForInput = waitsForInput
    self.sessionArguments = sessionArguments
    self.speaksClaude = speaksClaude
  }

  /// A path's last component: what an agent is called by.
  package static func baseName(_ program: String) -> String {
    program.split(separator: "/").last.map(String.init) ?? program
  }
}
