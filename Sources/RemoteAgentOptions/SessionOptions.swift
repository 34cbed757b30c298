package import ArgumentParser
package import RemoteAgentCore

/// Which session it is that is carried to the hub: in the words of ra-tunnel.
package struct SessionOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The session's title.", valueName: "text"))
  package var title: String?

  @Option(help: ArgumentHelp("A label of the session; may be given more than once.", valueName: "name=value"))
  package var label: [String] = []

  @Option(help: ArgumentHelp("The session's name; made up if it is left out.", valueName: "id"))
  package var session: String?

  package init() {}

  package func validate() throws {
    if let session, !SessionDescription.isValidId(session) {
      throw ValidationError("--session must match [A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
    }
    for label in label where label.firstIndex(of: "=").map({ $0 == label.startIndex }) ?? true {
      throw ValidationError("--label takes NAME=VALUE")
    }
  }

  /// What `--label` gave.
  package var labels: [JSON.Member] {
    label.map { label in
      let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return JSON.Member(String(parts[0]), .string(String(parts[1])))
    }
  }

  /// The same as options of a command line.
  package var options: [String] { words("--title", title) + labelOptions + words("--session", session) }

  package var labelOptions: [String] { label.flatMap { words("--label", $0) } }
}
