import ArgumentParser
import RemoteAgentProcess

/// What a hub may do: options of the device's owner.
struct PolicyOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Let the hub do this, whatever config.json says; none: only what else is given.", valueName: "what"))
  var allow: [String] = []

  @Option(help: ArgumentHelp("Don't let the hub do this, whatever config.json says.", valueName: "what"))
  var deny: [String] = []

  @Flag(help: "Print what the hub may do, and run nothing.")
  var showPolicy = false

  @Flag(help: "Print that, or the list, as JSON.")
  var json = false

  var choice: PolicyChoice { PolicyChoice(allow: allow, deny: deny) }

  func validate() throws {
    do {
      try choice.check()
    } catch {
      throw ValidationError("\(error)")
    }
  }
}
