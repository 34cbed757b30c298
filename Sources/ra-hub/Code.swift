import ArgumentParser
import RemoteAgentCore
import RemoteAgentHub

struct Code: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a pairing code, and print the command that uses it.",
    discussion: """
      The code is good once, for ten minutes. With --ephemeral it is for a job that runs once: its device may only stream, is \
      never steered, and is refused when its time is over or its sessions have ended.
      """)

  @OptionGroup var folder: HubFolder

  @Option(help: ArgumentHelp("What the device is called, whatever it calls itself.", valueName: "text"))
  var label: String?

  @Flag(help: "Pair a device that may only stream, expires, and ends by itself.")
  var ephemeral = false

  @Option(
    help: ArgumentHelp("How long an ephemeral device lives, from its pairing on: 90s, 30m, 1h, 7d.", valueName: "time"))
  var ttl: TimeSpan?

  @Option(help: ArgumentHelp("How many sessions an ephemeral device may open at all.", valueName: "n"))
  var sessions: Int64?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard ephemeral || (ttl == nil && sessions == nil) else {
      throw ValidationError("--ttl and --sessions are for --ephemeral")
    }
    if let ttl, !PairingTerms.Ephemeral.lives.contains(ttl.milliseconds) {
      throw ValidationError("--ttl is from 1s to 30d")
    }
    if let sessions, !PairingTerms.Ephemeral.counts.contains(sessions) {
      throw ValidationError("--sessions is from 1 to \(PairingTerms.Ephemeral.counts.upperBound)")
    }
    if let label, !PairingTerms.isLabel(label) {
      throw ValidationError("--label has 1 to 256 bytes, and no control characters")
    }
  }

  func run() throws {
    var terms = PairingTerms()
    terms.label = label
    if ephemeral {
      var device = PairingTerms.Ephemeral()
      if let ttl { device.life = ttl.milliseconds }
      if let sessions { device.sessions = sessions }
      terms.ephemeral = device
    }
    let code = try folder.ask(.code(terms)).head
    var output = Output()
    output.line(json ? code.text : code["command"]?.string ?? "")
    try output.flush()
  }
}

extension TimeSpan: ExpressibleByArgument {}
