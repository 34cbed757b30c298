import ArgumentParser
import RemoteAgentCore
import RemoteAgentHub

struct Sessions: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "List the sessions, the last begun first.")

  @OptionGroup var folder: HubFolder

  @Option(help: ArgumentHelp("How many at most.", valueName: "n"))
  var limit: Int64 = 100

  @Flag(help: "Print a JSON array.")
  var json = false

  func validate() throws {
    guard (1...10_000).contains(limit) else { throw ValidationError("--limit is from 1 to 10000") }
  }

  func run() throws {
    let sessions = try folder.items(.sessions(limit: limit))
    var output = Output()
    if json {
      output.array(sessions)
    } else if !sessions.isEmpty {
      let rows = sessions.map(Self.row)
      for line in table([["ID", "STATE", "DEVICE", "LINES", "EXIT", "TITLE"]] + rows) { output.line(line) }
    }
    try output.flush()
  }

  /// The agent's status; where that was 0, or there is none, what it came to.
  private static func exit(_ exit: JSON?) -> String {
    let outcome = exit?["outcome"]?.string
    if let code = exit?["code"]?.integer, code != 0 || outcome ?? "ok" == "ok" { return "\(code)" }
    return exit?["signal"]?.string ?? outcome ?? "-"
  }

  private static func row(_ session: JSON) -> [String] {
    let state = session["state"]?.string ?? ""
    return [
      session["id"]?.string ?? "", session["full"]?.bool == true ? "\(state), full" : state,
      session["device"]?.string ?? "",
      session["lines"]?.integer.map(String.init) ?? "", exit(session["exit"]),
      session["title"]?.string ?? session["agent"]?.string ?? session["sessionId"]?.string ?? "",
    ]
  }
}
