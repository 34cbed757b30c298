import ArgumentParser
import RemoteAgentProcess

/// What a hub may do: options of the device's owner, for ra-spawn.
struct PolicyOptions: ParsableArguments {
  @Option(help: ArgumentHelp("As in ra-spawn.", valueName: "what"))
  var allow: [String] = []

  @Option(help: ArgumentHelp("As in ra-spawn.", valueName: "what"))
  var deny: [String] = []

  var choice: PolicyChoice { PolicyChoice(allow: allow, deny: deny) }

  func validate() throws {
    do {
      try choice.check()
    } catch {
      throw ValidationError("\(error)")
    }
  }
}
