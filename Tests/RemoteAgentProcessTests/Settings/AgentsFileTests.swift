import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

@Suite struct `The agents in config.json` {
  private let folder: Folder
  private let settings: SettingsFolder

  init() throws {
    folder = try Folder()
    settings = try SettingsFolder(
      environment: ["REMOTE_AGENT_CLIENT_HOME": folder.path], home: nil, exists: { _ in false })
  }

  private func write(_ text: String, mode: mode_t = 0o600) throws {
    try AtomicFile.write(Array(text.utf8), to: settings.configFile, mode: mode)
  }

  private func reason() -> String? {
    do throws(SettingsError) {
      _ = try AgentsFile.profiles(in: settings)
      return nil
    } catch {
      #expect(error.path == settings.configFile)
      return error.reason
    }
  }

  @Test func `without a home folder, a file or an agents they are the built-in ones`() throws {
    let homeless = try AgentsFile.profiles(environment: [:], home: nil)
    #expect(homeless == .builtIn)
    let missing = try AgentsFile.profiles(in: settings)
    #expect(missing == .builtIn)
    // What is wrong in another member is another reader's.
    try write(#"{"allow":{"inptu":1},"credentials":7}"#)
    let other = try AgentsFile.profiles(in: settings)
    #expect(other == .builtIn)
  }

  @Test func `they are read beside the policy, and the policy beside them`() throws {
    try write(#"{"allow":{"input":true},"agents":{"mine":{"like":"codex","program":"/opt/mine"}}}"#)
    let profiles = try AgentsFile.profiles(in: settings)
    #expect(profiles[agent: "mine"]?.program == "/opt/mine")
    #expect(profiles[agent: "mine"]?.dialogue == AgentProfiles.builtIn[agent: "codex"]?.dialogue)
    let policy = try PolicyFile.policy(in: settings)
    #expect(policy.input)
  }

  @Test(arguments: [
    ("[]", "it must hold a JSON object"), (#"{"agents":[]}"#, "agents must be an object"),
    (#"{"agents":{},"agents":{}}"#, "agents stands there twice"),
    (#"{"agents":{"x":}}"#, "agents: expected a value"),
    (#"{"agents":{"x":{y:1}}}"#, "agents: expected a member's name"),
    (
      #"{"agents":{"x":{"prog":"y"}}}"#,
      "agents.x.prog: there is no such member; there are like, program, search, version, waitsForInput, dialect, stdin, args"
    ),
  ])
  func `a file that is wrong says what is`(text: String, reason: String) throws {
    try write(text)
    #expect(self.reason() == reason)
  }

  @Test func `a file that is open to others, or in a folder that is, is refused`() throws {
    try write(#"{"agents":{}}"#, mode: 0o644)
    #expect(reason() == "others may read it (mode 644)")
    try write(#"{"agents":{}}"#)
    #expect(chmod(folder.path, 0o777) == 0)
    #expect(reason() == "others may write to its folder")
  }
}
