import RemoteAgentCore

/// What sessions that are started on demand have in common, as words of a command line.
package struct OnDemandPlan: Sendable {
  /// For every ra-spawn; for those of session mode; for those of raw mode.
  package var spawnOptions: [String] = []
  package var sessionOptions: [String] = []
  package var rawOptions: [String] = []
  /// For the ra-tunnel of every session; for that of the channel; for that which delivers what earlier sessions left.
  package var tunnelOptions: [String] = []
  package var channelOptions: [String] = []
  package var drainOptions: [String] = []
  /// Of a session that gets none from the hub.
  package var title: String?

  package init() {}

  /// The pipeline of a session, without descriptors.
  package func pipeline(of start: OnDemand.Start) -> RunPlan {
    var plan = RunPlan(agent: start.agent, arguments: start.arguments)
    plan.isShown = false
    plan.isSteered = !start.policy.allowsNothing
    // What config.json says of starts is for us alone: an agent that was stopped is not to be waited for.
    plan.spawnOptions = ["--cwd=\(start.folder)", "--allow=\(start.policy.steering)"] + spawnOptions
    plan.spawnOptions += start.isSession ? ["--mode=session", "--stay"] + sessionOptions : ["--mode=raw"] + rawOptions
    plan.tunnelOptions = ["--session=\(start.session)"] + tunnelOptions
    if let title = start.title ?? title { plan.tunnelOptions.append("--title=\(title)") }
    return plan
  }

  /// The words of the channel's ra-tunnel.
  package var channelArguments: [String] { ["--device-channel"] + channelOptions }

  /// The words of the ra-tunnel that delivers what earlier sessions left.
  package var drainArguments: [String] { ["--drain"] + drainOptions }
}
