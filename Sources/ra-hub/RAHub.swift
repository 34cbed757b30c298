import ArgumentParser
import Glibc
import RemoteAgentOptions
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

  static func main() async {
    let diagnostics = Diagnostics(program: "ra-hub")
    StandardOutput.checkAtExit(program: diagnostics.program)
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      CommandLine.exit(RAHub.self, with: error, diagnostics, help: "ra-hub \(subcommand)--help")
    }
  }

  /// The one that was meant, and a blank; empty if there is none.
  private static var subcommand: String {
    let names = configuration.subcommands.map { $0._commandName }
    return CommandLine.arguments.dropFirst().first { names.contains($0) }.map { "\($0) " } ?? ""
  }
}
