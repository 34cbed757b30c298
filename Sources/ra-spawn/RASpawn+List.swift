import Glibc
import RemoteAgentCore
import RemoteAgentProcess

extension RASpawn {
  /// The agents that are known here.
  static func profiles() throws(Failure) -> AgentProfiles {
    do {
      return try AgentsFile.profiles(environment: Environment.all, home: Environment.homeByPasswordDatabase)
    } catch {
      throw Failure(message: "\(error)", hint: error.hint, status: ExitStatus.configuration)
    }
  }

  /// Which of them are here, and of which version.
  static func listing() throws -> AgentListing {
    let profiles = try profiles().all
    let places = profiles.map { Executable.find($0) }
    var commands: [AgentCommand] = []
    for (profile, place) in zip(profiles, places) {
      guard case .found(let path) = place else { continue }
      commands.append(AgentCommand(path: path, arguments: [profile.program] + profile.versionArguments))
    }
    var versions = try VersionInquiry.ask(commands)[...]
    return AgentListing(
      zip(profiles, places).map { profile, place in
        switch place {
        case .found(let path): .init(profile, .found(path: path), version: versions.popFirst())
        case .notFound: .init(profile, .notFound)
        case .notExecutable(let path): .init(profile, .notExecutable(path: path))
        }
      })
  }
}
