import ArgumentParser
import RemoteAgentCore
import RemoteAgentHub

struct Code: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a pairing code, and print the command that uses it.",
    discussion: "The code is good once, for ten minutes.")

  @OptionGroup var folder: HubFolder

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let code = try folder.ask(.code).head
    var output = Output()
    output.line(json ? code.text : code["command"]?.string ?? "")
    try output.flush()
  }
}
