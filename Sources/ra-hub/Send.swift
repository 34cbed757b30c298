import ArgumentParser
import RemoteAgentCore
import RemoteAgentHub
import RemoteAgentProcess

struct Send: ParsableCommand {
  enum Action: String, ExpressibleByArgument, CaseIterable {
    case prompt, stop, interrupt, approve, deny
  }

  static let configuration = CommandConfiguration(
    abstract: "Send a prompt to a session's agent, answer what it asks, interrupt or stop it.",
    discussion: "It is kept for an hour if the device is away. What the device made of it stands in the session's log.")

  @OptionGroup var folder: HubFolder

  @Flag(help: "Print JSON.")
  var json = false

  @Argument(help: ArgumentHelp("The session, or `latest`.", valueName: "id"))
  var id: String

  @Option(help: ArgumentHelp("deny: what the agent is told.", valueName: "text"))
  var message: String?

  @Argument(help: "What to do: prompt, approve, deny, interrupt or stop.")
  var action: Action

  @Argument(
    help: ArgumentHelp(
      "prompt: the text; - reads it from standard input. approve, deny: which request; deny may leave it out if only one is open.",
      valueName: "text"))
  var text: String?

  func validate() throws {
    switch action {
    case .prompt where text == nil: throw ValidationError("prompt needs a text")
    case .stop where text != nil, .interrupt where text != nil:
      throw ValidationError("\(action.rawValue) takes no text")
    default: break
    }
    guard message == nil || action == .deny else { throw ValidationError("only deny has a message") }
  }

  private func members() throws -> [JSON.Member] {
    switch action {
    case .prompt:
      return [.init("action", "prompt"), .init("text", .string(try readPrompt(text ?? "")))]
    case .stop: return [.init("action", "stop")]
    case .interrupt: return [.init("action", "signal"), .init("name", "INT")]
    case .approve, .deny:
      var members: [JSON.Member] = [
        .init("action", "approve"), .init("decision", action == .approve ? "allow" : "deny"),
      ]
      if let text { members.append(.init("requestId", .string(text))) }
      if let message { members.append(.init("message", .string(message))) }
      return members
    }
  }

  private func send() throws -> JSON {
    let payload = JSON.object(try members())
    let path = try folder.path()
    do {
      return try AdministrationReply(to: .send(id: id, payload: payload), from: path).head
    } catch {
      let failure = failure(error)
      if case .refused("name_it", _) = error { try showQuestions() }
      throw failure
    }
  }

  /// What is open, all of it, as none was named; each with the command that decides it.
  private func showQuestions() throws {
    let reply = try folder.ask(.questions(id: id))
    let command = ["ra-hub", "send"] + (folder.given.map { ["--data", $0] } ?? [])
    let session = reply.head["id"]?.string ?? id
    do {
      for question in try reply.items() {
        Diagnostics(program: "ra-hub").show(
          QuestionText.lines(question, command: command, session: session, action: action.rawValue))
      }
    } catch {
      throw failure(error)
    }
  }

  func run() throws {
    let sent = try send()
    var output = Output()
    let what = sent["approval"]?["tool"]?.string.map { ": \(action.rawValue) \(TerminalText.field($0))" } ?? ""
    output.line(json ? sent.text : "sent as control \(sent["seq"]?.integer ?? 0)\(what)")
    if !json, let asked = sent["approval"] {
      for line in QuestionText.wanted(asked) { output.line("  " + line) }
    }
    try output.flush()
  }
}
