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
      profile?.promptsVia != nil && arguments.isEmpty ? .session : .raw
    }
  }

  /// What the agent reads in raw mode.
  package enum Input: Sendable { case pass, null, control }

  /// How the mode and the profile run the agent.
  enum Way: Equatable {
    case raw
    case dialogue(AgentProfile.Dialogue)
    case single(AgentProfile.Single)
  }

  /// How long is waited for what.
  package struct Limits: Sendable, Equatable {
    /// For an answer to an agent's question.
    package var approval: Milliseconds = 600_000
    /// For the end of an agent that is silent after its result, or whose input has ended; nil for what is usual.
    package var exit: Milliseconds?
    /// For output, within a turn; nil for ever.
    package var idle: Milliseconds?
    /// For the end of the run; nil for ever.
    package var duration: Milliseconds?

    package init() {}
  }

  /// The agent's program as given: a name or path.
  package var agent: String
  package var profile: AgentProfile?
  package var mode: Mode
  /// In session mode; nil for the profile's own way.
  package var promptsVia: AgentProfile.PromptsVia?
  /// Those that were given; in session mode the profile's are added.
  package var arguments: [String]
  /// The agent's working folder, for the record; absolute.
  package var folder: String
  /// Prompts before those of standard input; session mode only.
  package var prompts: [String] = []
  /// Whether, in session mode, standard input is prompts.
  package var readsPrompts = true
  /// Whether a person types them, on a terminal.
  package var promptsAreTyped = false
  package var input = Input.pass
  /// Whether the end of prompts, or of the agent, is not the end of all, as long as control is open.
  package var stays = false
  package var hasControl = false
  /// What who writes to control may do.
  package var policy = ControlPolicy()
  /// Whether the agent goes on when nobody reads our output any more.
  package var continuesWhenBroken = false
  package var limits = Limits()
  /// Whether the exit status tells what the turns came to, and not only how the agent ended.
  package var tellsOutcome = true
  /// The agents that may be started by control.
  package var profiles = AgentProfiles.builtIn

  package init(
    agent: String, profile: AgentProfile? = nil, mode: Mode = .raw, arguments: [String] = [], folder: String = "/"
  ) {
    self.agent = agent
    self.profile = profile
    self.mode = mode
    self.arguments = arguments
    self.folder = folder
  }

  /// Raw also for an agent that has no session mode of that kind.
  var way: Way {
    guard mode == .session, let profile else { return .raw }
    return switch promptsVia ?? profile.promptsVia {
    case .stdin: profile.dialogue.map { .dialogue($0) } ?? .raw
    case .args: profile.single.map { .single($0) } ?? .raw
    case nil: .raw
    }
  }

  /// Whether somebody may answer what the agent asks.
  var mayBeAsked: Bool { hasControl && policy.approve }

  /// These with what a hub's start has in place of them; the owner's agent keeps its arguments if it is given none.
  func starting(_ start: ControlAction.Start) -> SpawnSettings {
    var changed = self
    changed.folder = start.folder ?? folder
    if let other = start.agent {
      changed.agent = other
      changed.profile = profiles[agent: other]
      changed.promptsVia = nil
      changed.mode = .byDefault(changed.profile, arguments: start.arguments)
      changed.arguments = start.arguments
    } else if !start.arguments.isEmpty {
      changed.arguments = start.arguments
    }
    // Our standard input is prompts, or was meant for another agent.
    if mode == .session || changed.agent != agent { changed.input = .null }
    return changed
  }
}
