package import ArgumentParser
package import RemoteAgentCore

/// How an agent is run, for who starts one or has it started: each option in the words of ra-spawn.
package struct AgentOptions: ParsableArguments {
  @Option(help: ArgumentHelp("How prompts reach the agent: stdin, one process for all; args, one for each."))
  package var promptVia: AgentProfile.PromptsVia?

  @Option(help: ArgumentHelp("Deny what the agent asks when nobody has answered for so long.", valueName: "seconds"))
  package var approvalTimeout: Int?

  @Option(help: ArgumentHelp("Stop the agent when it has been silent for so long within a turn.", valueName: "seconds"))
  package var idleTimeout: Int?

  @Option(help: ArgumentHelp("Stop the agent when it has run for so long.", valueName: "seconds"))
  package var maxDuration: Int?

  @Option(
    help: ArgumentHelp("End the agent when it has been silent for so long after its result.", valueName: "seconds"))
  package var exitTimeout: Int?

  @Option(help: "What the exit status tells: the outcome, or the agent's own exit status alone.")
  package var exitStatus: ExitStatusOf?

  package enum ExitStatusOf: String, ExpressibleByArgument, CaseIterable, Sendable { case outcome, agent }

  package init() {}

  package func validate() throws {
    let spans = [
      ("--approval-timeout", approvalTimeout), ("--idle-timeout", idleTimeout), ("--max-duration", maxDuration),
      ("--exit-timeout", exitTimeout),
    ]
    for (name, seconds) in spans {
      guard (1...31_536_000).contains(seconds ?? 1) else {
        throw ValidationError("\(name) is from 1 to 31536000 seconds")
      }
    }
  }

  /// The same as options of a command line.
  package var options: [String] {
    let values: [(String, String?)] = [
      ("--prompt-via", promptVia?.rawValue), ("--approval-timeout", approvalTimeout.map(String.init)),
      ("--idle-timeout", idleTimeout.map(String.init)), ("--max-duration", maxDuration.map(String.init)),
      ("--exit-timeout", exitTimeout.map(String.init)), ("--exit-status", exitStatus?.rawValue),
    ]
    return values.compactMap { name, value in value.map { "\(name)=\($0)" } }
  }
}

extension AgentProfile.PromptsVia: ExpressibleByArgument {}
