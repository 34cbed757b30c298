import ArgumentParser
import RemoteAgentCore
import RemoteAgentHub

struct Devices: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "List the devices, also those that are refused by now.")

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
      for line in table(
        [
          ["ID", "STATE", "STARTS", "EXPIRES", "SEEN", "PLATFORM", "VERSION", "ADDRESS", "SESSIONS", "LABEL"]
        ] + rows)
      { output.line(line) }
    }
    try output.flush()
  }

  private static func row(_ device: JSON) -> [String] {
    let live = device["live"]?.integer ?? 0
    let starts = device["starts"]?.string ?? "no"
    let limit = device["sessionLimit"]?.integer.map { " of \($0)" } ?? ""
    return [
      device["clientId"]?.string ?? "", device["state"]?.string ?? "", starts == "no" ? "-" : starts,
      time(device["expiresAt"]),
      live > 0 || starts == "ready" ? "now" : time(device["lastSeenAt"]), device["platform"]?.string ?? "",
      device["version"]?.string ?? "-",
      device["address"]?.string ?? "-",
      "\(device["sessions"]?.integer ?? 0)\(limit)\(live > 0 ? " (\(live) live)" : "")", device["label"]?.string ?? "",
    ]
  }

  private static func time(_ time: JSON?) -> String { time?.integer.map(LocalTime.date) ?? "-" }
}
