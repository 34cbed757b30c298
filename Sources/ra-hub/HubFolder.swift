import ArgumentParser
import RemoteAgentCore
import RemoteAgentHub
import RemoteAgentProcess

/// Which hub: the same option, and the same default, for every command.
struct HubFolder: ParsableArguments {
  @Option(
    name: .customLong("data"),
    help: ArgumentHelp(
      "The hub's folder; $RA_HUB_DATA, or else remote-agent/hub in the user's state folder, if left out.",
      valueName: "dir"))
  var given: String?

  /// The folder's path.
  func path() throws -> String {
    guard
      let path = HubLocation.path(
        given: given, environment: { Environment[$0] }, home: Environment.homeByPasswordDatabase)
    else { throw failure("no home folder is known", hint: "give --data DIR", status: ExitStatus.configuration) }
    return path
  }

  /// Asks the hub that runs there.
  func ask(_ request: AdministrationRequest) throws -> AdministrationReply {
    let path = try path()
    do {
      return try AdministrationReply(to: request, from: path)
    } catch {
      throw failure(error)
    }
  }

  /// The items of its answer.
  func items(_ request: AdministrationRequest) throws -> [JSON] {
    let reply = try ask(request)
    do {
      return try reply.items()
    } catch {
      throw failure(error)
    }
  }
}
