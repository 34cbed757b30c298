import ArgumentParser
import RemoteAgentCore
import RemoteAgentHub

struct Token: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Let scripts use the hub's API, and take it back.",
    subcommands: [TokenCreate.self, TokenList.self, TokenRevoke.self])
}

struct TokenCreate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Make a token and print it: only now, the hub keeps its hash.")

  @OptionGroup var folder: HubFolder

  @Flag(help: "Print JSON.")
  var json = false

  @Argument(help: ArgumentHelp("What it is for.", valueName: "name"))
  var name: String

  func run() throws {
    let token = try folder.ask(.createToken(name: name)).head
    var output = Output()
    output.line(json ? token.text : token["token"]?.string ?? "")
    try output.flush()
  }
}

struct TokenList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the tokens of scripts and of browsers that are signed in.")

  @OptionGroup var folder: HubFolder

  @Flag(help: "Print a JSON array.")
  var json = false

  func run() throws {
    let tokens = try folder.items(.tokens)
    var output = Output()
    if json {
      output.array(tokens)
    } else if !tokens.isEmpty {
      let rows = tokens.map(Self.row)
      for line in table([["ID", "KIND", "CREATED", "USED", "NAME"]] + rows) { output.line(line) }
    }
    try output.flush()
  }

  private static func row(_ token: JSON) -> [String] {
    [
      token["id"]?.string ?? "", token["kind"]?.string ?? "", day(token["createdAt"]), day(token["lastUsedAt"]),
      token["name"]?.string ?? "",
    ]
  }

  private static func day(_ time: JSON?) -> String { time?.integer.map(LocalTime.date) ?? "-" }
}

struct TokenRevoke: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Refuse a token from now on.",
    discussion: "Streams that are open with it end within a second.")

  @OptionGroup var folder: HubFolder

  @Flag(help: "Print JSON.")
  var json = false

  @Argument(help: ArgumentHelp("The token, as `ra-hub token list` names it.", valueName: "id"))
  var id: String

  func run() throws {
    let token = try folder.ask(.revokeToken(id: id)).head
    var output = Output()
    output.line(json ? token.text : "revoked \(id)")
    try output.flush()
  }
}
