import ArgumentParser
import RemoteAgentCore
import RemoteAgentHub

struct Start: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Have an agent started on a device.",
    usage: "ra-hub start [OPTIONS] AGENT [-- ARGUMENTS]",
    discussion: """
      Prints the session that it is to become. It waits for the device for ten minutes; why it was refused, if it \
      was, is told by `ra-hub logs`.
      """)

  @OptionGroup var folder: HubFolder

  @Option(
    help: ArgumentHelp(
      "The device, by its id or by a label that is its own; the hub's own machine if left out.", valueName: "device"))
  var device: String?

  @Option(help: ArgumentHelp("The agent's working folder there.", valueName: "folder"))
  var cwd: String?

  @Option(help: ArgumentHelp("Its first prompt; - reads it from standard input.", valueName: "text"))
  var prompt: String?

  @Option(help: ArgumentHelp("What the session is shown as.", valueName: "text"))
  var title: String?

  @Flag(help: "Print JSON.")
  var json = false

  @Argument(help: ArgumentHelp("The program to start.", valueName: "agent"))
  var agent: String

  @Argument(parsing: .postTerminator, help: ArgumentHelp("What it is given.", valueName: "arguments"))
  var arguments: [String] = []

  func run() throws {
    var members: [JSON.Member] = [.init("agent", .string(agent))]
    if !arguments.isEmpty { members.append(.init("args", .array(arguments.map(JSON.string)))) }
    for (name, value) in [("device", device), ("cwd", cwd), ("title", title)] {
      if let value { members.append(.init(name, .string(value))) }
    }
    if let prompt { members.append(.init("prompt", .string(try readPrompt(prompt)))) }
    let started = try folder.ask(.start(.object(members))).head
    var output = Output()
    output.line(json ? started.text : started["id"]?.string ?? "")
    try output.flush()
  }
}
