/// The agents that are known: the built-in profiles, and what their owner has in place of them or beside them.
package struct AgentProfiles: Sendable, Equatable {
  package var all: [AgentProfile]

  package init(_ all: [AgentProfile]) { self.all = all }

  /// The profile of what somebody calls `agent`: a profile's name, or a path whose last component is one.
  package subscript(agent agent: String) -> AgentProfile? {
    let name = AgentProfile.baseName(agent)
    guard var profile = all.first(where: { $0.name == name }) else { return nil }
    if agent.contains("/") { profile.program = agent }
    return profile
  }

  package static let builtIn = AgentProfiles([claude, codex, gemini])

  private static var claude: AgentProfile {
    var profile = AgentProfile(name: "claude", program: "claude")
    profile.search = ["~/.local/bin", "~/.claude/local", "/usr/local/bin"]
    profile.waitsForInput = true
    profile.dialect = .claude
    let output = ["--output-format", "stream-json", "--verbose"]
    profile.dialogue = .init(
      dialect: .claude, arguments: ["-p", "--input-format", "stream-json"] + output + ["--replay-user-messages"],
      askingArguments: ["--permission-prompt-tool", "stdio"])
    profile.single = .init(
      dialect: .claude, first: ["-p"] + output + ["--", "{prompt}"],
      next: ["-p"] + output + ["--resume", "{session}", "--", "{prompt}"])
    return profile
  }

  private static var codex: AgentProfile {
    var profile = AgentProfile(name: "codex", program: "codex")
    profile.search = ["~/.local/bin", "/usr/local/bin"]
    profile.waitsForInput = true
    profile.dialect = .codexExec
    profile.dialogue = .init(dialect: .codexServer, arguments: ["app-server"])
    profile.single = .init(
      dialect: .codexExec, first: ["exec", "--json", "--skip-git-repo-check", "-"],
      next: ["exec", "resume", "--json", "--skip-git-repo-check", "{session}", "-"])
    return profile
  }

  private static var gemini: AgentProfile {
    var profile = AgentProfile(name: "gemini", program: "gemini")
    profile.search = ["~/.local/bin", "/usr/local/bin"]
    profile.waitsForInput = true
    profile.dialect = .gemini
    profile.single = .init(
      dialect: .gemini, first: ["--output-format", "stream-json", "-p", "{prompt}"],
      next: ["--output-format", "stream-json", "--resume", "{session}", "-p", "{prompt}"])
    return profile
  }
}
