/// What is known of an agent's command line, by the name of its program.
package struct AgentProfile: Sendable, Equatable {
  package let name: String
  /// Whether it reads an inherited standard input although it was given a prompt, and hangs or waits for it.
  package let waitsForInput: Bool
  /// What runs it for many prompts on standard input; nil if we can't (yet).
  package let sessionArguments: [String]?
  /// Whose events its output lines are, if they are JSON; nil if they are none that we know.
  let speaker: AgentEvents.Speaker?

  /// The profile for a program, given as a path or name; nil if it is none that we know.
  package init?(program: String) {
    switch AgentProfile.baseName(program) {
    case "claude":
      self.init(
        name: "claude", waitsForInput: true,
        sessionArguments: [
          "-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose",
          "--replay-user-messages",
        ], speaker: .claude)
    case "codex": self.init(name: "codex", waitsForInput: true, sessionArguments: nil, speaker: .codex)
    case "gemini": self.init(name: "gemini", waitsForInput: true, sessionArguments: nil, speaker: nil)
    default: return nil
    }
  }

  private init(name: String, waitsForInput: Bool, sessionArguments: [String]?, speaker: AgentEvents.Speaker?) {
    self.name = name
    self.waitsForInput = waitsForInput
    self.sessionArguments = sessionArguments
    self.speaker = speaker
  }

  /// Whether its output lines are claude's stream-json events, if they are JSON.
  package var speaksClaude: Bool { speaker == .claude }

  /// A path's last component: what an agent is called by.
  package static func baseName(_ program: String) -> String {
    program.split(separator: "/").last.map(String.init) ?? program
  }
}
