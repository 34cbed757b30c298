import ArgumentParser
import RemoteAgentOptions

/// The way to the hub.
struct WayOptions: ParsableArguments {
  @Option(help: ArgumentHelp("As in ra-tunnel.", valueName: "pin"))
  var pin: String?

  @Option(help: ArgumentHelp("As in ra-tunnel.", valueName: "url"))
  var proxy: String?

  /// The same for ra-tunnel.
  var options: [String] { words("--pin", pin) + words("--proxy", proxy) }
}
