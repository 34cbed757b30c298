import ArgumentParser
import RemoteAgentCore
import RemoteAgentHub
import RemoteAgentProcess

struct Send: ParsableCommand {
  enum Action: String, ExpressibleByArgument, CaseIterable {
    case prompt, stop
  }

  static let configuration = CommandConfiguration(
    abstract: "Send a prompt to a session's agent, or stop it.",
    discussion: "It is kept for an hour if the device is away. What the device made of it stands in the session's log.")

  @OptionGroup var folder: HubFolder

  @Flag(help: "Print JSON.")
  var json = false

  @Argument(help: ArgumentHelp("The session, or `latest`.", valueName: "id"))
  var id: String

  @Argument(help: "What to do: prompt or stop.")
  var action: Action

  @Argument(help: ArgumentHelp("The prompt; - reads it from standard input.", valueName: "text"))
  var text: String?

  func validate() throws {
    guard (action == .prompt) == (text != nil) else {
      throw ValidationError("prompt needs a text, and stop takes none")
    }
  }

  func run() throws {
    var members: [JSON.Member] = [.init("action", .string(action.rawValue))]
    if let text { members.append(.init("text", .string(try readPrompt(text)))) }
    let sent = try folder.ask(.send(id: id, payload: .object(members))).head
    var output = Output()
    output.line(json ? sent.text : "sent as control \(sent["seq"]?.integer ?? 0)")
    try output.flush()
  }
}
