package import ArgumentParser
package import RemoteAgentProcess

/// What a hub may do: options of the device's owner.
package struct PolicyOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Let the hub do this, whatever config.json says; none: only what else is given.", valueName: "what"))
  package var allow: [String] = []

  @Option(help: ArgumentHelp("Don't let the hub do this, whatever config.json says.", valueName: "what"))
  package var deny: [String] = []

  package init() {}

  package var choice: PolicyChoice { PolicyChoice(allow: allow, deny: deny) }

  package func validate() throws {
    do {
      try choice.check()
    } catch {
      throw ValidationError("\(error)")
    }
  }
}
