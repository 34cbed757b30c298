/// What is known of an agent's command line: data, built in for some (``AgentProfiles``), and its owner's to change.
package struct AgentProfile: Sendable, Equatable {
  /// How its prompts reach it.
  package enum PromptsVia: String, Sendable, CaseIterable {
    /// One process for all prompts, which come on its standard input as they are needed.
    case stdin
    /// A process for each prompt; from the second on it continues the session of the one before.
    case args
  }

  /// One process for many prompts.
  package struct Dialogue: Sendable, Equatable {
    package var dialect: AgentDialect
    package var arguments: [String]
    /// What has it ask before it uses a tool; added where somebody may answer.
    package var askingArguments: [String]

    package init(dialect: AgentDialect, arguments: [String], askingArguments: [String] = []) {
      self.dialect = dialect
      self.arguments = arguments
      self.askingArguments = askingArguments
    }
  }

  /// A process for each prompt. In arguments, the word `{prompt}` stands for the prompt and `{session}` for the session that
  /// the process before told; without `{prompt}` the process reads its prompt from standard input, to its end.
  package struct Single: Sendable, Equatable {
    package var dialect: AgentDialect
    package var first: [String]
    /// Of every later prompt.
    package var next: [String]

    package init(dialect: AgentDialect, first: [String], next: [String]) {
      self.dialect = dialect
      self.first = first
      self.next = next
    }
  }

  package var name: String
  /// A name, which is looked up in PATH and then in `search`, or a path.
  package var program: String
  /// Folders where it may be although they are not in PATH; `~/` is the home folder.
  package var search: [String] = []
  /// What prints its version.
  package var versionArguments = ["--version"]
  /// Whether it reads an inherited standard input although it was given a prompt, and hangs or waits for it.
  package var waitsForInput = false
  /// What its output lines are in raw mode, if they are JSON; nil if they are none that we know.
  package var dialect: AgentDialect?
  package var dialogue: Dialogue?
  package var single: Single?

  package init(name: String, program: String) {
    self.name = name
    self.program = program
  }

  /// All that its processes may speak.
  package var dialects: [AgentDialect] {
    var dialects: [AgentDialect] = []
    for case let found? in [dialect, dialogue?.dialect, single?.dialect] where !dialects.contains(found) {
      dialects.append(found)
    }
    return dialects
  }

  /// How prompts reach it if nobody says; nil if it has no session mode.
  package var promptsVia: PromptsVia? { dialogue != nil ? .stdin : single != nil ? .args : nil }

  /// A path's last component: what an agent is called by.
  package static func baseName(_ program: String) -> String {
    program.split(separator: "/").last.map(String.init) ?? program
  }
}
