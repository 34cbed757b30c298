import ArgumentParser
import RemoteAgentCore
import RemoteAgentHub

struct Revoke: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Refuse a device from now on, and end its connections.",
    discussion: "It can't be undone; the device may be paired again as a new one.")

  @OptionGroup var folder: HubFolder

  @Flag(help: "Print JSON.")
  var json = false

  @Argument(help: ArgumentHelp("The device, as `ra-hub devices` names it.", valueName: "id"))
  var id: String

  func run() throws {
    let device = try folder.ask(.revoke(clientId: id)).head
    var output = Output()
    if json {
      output.line(device.text)
    } else {
      output.line("revoked \(id) (\(device["label"]?.string ?? ""))")
    }
    try output.flush()
  }
}
