import ArgumentParser
import RemoteAgentProcess

@main
struct RAHub: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ra-hub",
    abstract: "Take in what agents say on other machines, keep it, and steer them.",
    version: Version.string,
    subcommands: [
      Serve.self, Link.self, Code.self, Sessions.self, Logs.self, Start.self, Send.self, Devices.self, Revoke.self,
      Approvals.self,
      Approve.self, Deny.self, Token.self, Backup.self,
    ])
}
