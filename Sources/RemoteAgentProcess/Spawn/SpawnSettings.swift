package import RemoteAgentCore

/// What one run of ra-spawn was told to do.
package struct SpawnSettings: Sendable, Equatable {
  package enum Mode: String, Sendable {
    /// The agent runs exactly as given.
    case raw
    /// The agent's profile runs it for many prompts.
    case session

    /// The mode of a program that is given these arguments, if nobody says otherwise.
    package static func byDefault(_ profile: AgentProfile?, arguments: [String]) -> Mode {
      profile?.sessionArguments != nil && arguments.isEmpty ? .session : .raw
    }
  }

  /// The agent's program as given: a name or path.
  package var agent: String
  package var profile: AgentProfile?
  package var mode: Mode
  /// All arguments of the program, the profile's among them.
  package var arguments: [String]
  /// The agent's working folder, for the record; absolute.
  package var folder: String
  /// Prompts before those of standard input; session mode only.
  package var prompts: [String] = []
  /// Whether, in session mode, standard input is prompts.
  package var readsPrompts = true
  /// Whether a person types them, on a terminal.
  package var promptsAreTyped = false
  /// Whether the end of prompts, or of the agent, is not the end of all, as long as control is open.
  package var stays = false
  package var hasControl = false
  /// What who writes to control may do.
  package var policy = ControlPolicy()
  /// Whether the agent goes on when nobody reads our output any more.
  package var continuesWhenBroken = false

  package init(
    agent: String, profile: AgentProfile? = nil, mode: Mode = .raw, arguments: [String] = [], folder: String = "/"
  ) {
    self.agent = agent
    self.profile = profile
    self.mode = mode
    self.arguments = arguments
    self.folder = folder
  }

  /// These with what a hub's start has in place of them; the owner's agent keeps its arguments if it is given none.
  func starting(_ start: ControlAction.Start) -> SpawnSettings {
    var changed = self
    changed.folder = start.folder ?? folder
    if let other = start.agent {
      changed.agent = other
      changed.profile = AgentProfiles.builtIn[agent: other]
      changed.mode = .byDefault(changed.profile, arguments: start.arguments)
    } else if start.arguments.isEmpty {
      return changed
    }
    changed.arguments = (changed.mode == .session ? changed.profile?.sessionArguments ?? [] : []) + start.arguments
    return changed
  }
}
