import ArgumentParser
import RemoteAgentCore
import RemoteAgentHub

struct Devices: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "List the paired devices, revoked ones too.")

  @OptionGroup var folder: HubFolder

  @Flag(help: "Print a JSON array.")
  var json = false

  func run() throws {
    let devices = try folder.items(.devices)
    var output = Output()
    if json {
      output.array(devices)
    } else if !devices.isEmpty {
      let rows = devices.map(Self.row)
      for line in table([["ID", "STATE", "PLATFORM", "ADDRESS", "SESSIONS", "LABEL"]] + rows) { output.line(line) }
    }
    try output.flush()
  }

  private static func row(_ device: JSON) -> [String] {
    [
      device["clientId"]?.string ?? "", device["revokedAt"]?.integer == nil ? "paired" : "revoked",
      device["platform"]?.string ?? "", device["address"]?.string ?? "-",
      device["sessions"]?.integer.map(String.init) ?? "", device["label"]?.string ?? "",
    ]
  }
}
