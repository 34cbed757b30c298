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
    output.line(json ? code.text : Self.command(code))
    try output.flush()
  }

  private static func command(_ code: JSON) -> String {
    var words = ["ra-pair", "--hub", code["url"]?.string ?? ""]
    if let ca = code["ca"]?.string { words += ["--ca", ca] }
    words.append(code["code"]?.string ?? "")
    return words.map(ShellWord.quoted).joined(separator: " ")
  }
}
