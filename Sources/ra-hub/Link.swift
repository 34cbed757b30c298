import ArgumentParser
import RemoteAgentCore
import RemoteAgentHub

struct Link: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print a URL that signs a browser in.",
    discussion: """
      It is good once, for 10 minutes. With --http-loopback it is this machine's address, where no certificate is in the \
      way; --public prints the https one.
      """)

  @OptionGroup var folder: HubFolder

  @Flag(help: "Print the https address, for another machine or a phone.")
  var `public` = false

  @Flag(help: "Print JSON.")
  var json = false

  @Argument(help: ArgumentHelp("What the browser is called; what it sends bears the name.", valueName: "name"))
  var name = "browser"

  func run() throws {
    let link = try folder.ask(.link(name: name, isLocal: !`public`)).head
    var output = Output()
    output.line(json ? link.text : link["link"]?.string ?? "")
    try output.flush()
  }
}
