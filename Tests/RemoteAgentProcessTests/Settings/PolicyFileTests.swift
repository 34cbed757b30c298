import Glibc
import RemoteAgentCore
import RemoteAgentProcess
import Testing

@Suite struct `The policy in config.json` {
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
      _ = try PolicyFile.policy(in: settings)
      return nil
    } catch {
      #expect(error.path == settings.configFile)
      return error.reason
    }
  }

  @Test func `without a home folder, a folder, a file or an allow it is the usual one`() throws {
    let homeless = try PolicyFile.policy(environment: [:], home: nil)
    #expect(homeless == ControlPolicy())
    let missing = try PolicyFile.policy(environment: ["REMOTE_AGENT_CLIENT_HOME": "\(folder.path)/none"], home: nil)
    #expect(missing == ControlPolicy())
    let empty = try PolicyFile.policy(in: settings)
    #expect(empty == ControlPolicy())
    try write(#"{"credentials":{"default":{"hub":"https://h","sealed":{"box":"!"}}}}"#)
    let paired = try PolicyFile.policy(in: settings)
    #expect(paired == ControlPolicy())
  }

  @Test(arguments: [
    #"{"allow":{"input":true}}"#, #" {"a":[{"allow":1}],"allow" : {"input":true} , "b":"}" } "#,
    #"{"\u0061llow":{"input":true}}"#,
  ])
  func `allow is found where it stands`(text: String) throws {
    try write(text)
    var expected = ControlPolicy()
    expected.input = true
    let policy = try PolicyFile.policy(in: settings)
    #expect(policy == expected)
  }

  @Test(arguments: [
    ("", "it must hold a JSON object"), ("[]", "it must hold a JSON object"), ("{", "it must hold a JSON object"),
    (#"{"allow":{}"#, "it must hold a JSON object"), (#"{"allow":{}} x"#, "it must hold a JSON object"),
    (#"{"allow":{},"allow":{"input":true}}"#, "allow stands there twice"),
    (#"{"allow":{},"\u0061llow":{"input":true}}"#, "allow stands there twice"),
    (#"{"allowed":{}}"#, "allowed: there is no such member; there is allow"),
    (#"{"allow":{},"Allow":{}}"#, "Allow: there is no such member; there is allow"),
    (#"{"allo":{}}"#, "allo: there is no such member; there is allow"),
    (#"{"allow":{input:true}}"#, "allow: expected a member's name"),
    (#"{"allow":{"input":"true"}}"#, "allow.input must be true or false"),
    (#"{"allow":{"folders":["work"]}}"#, "allow.folders: \"work\" is none of absolute paths"),
  ])
  func `a file that is wrong says what is`(text: String, reason: String) throws {
    try write(text)
    #expect(self.reason() == reason)
  }

  @Test(arguments: [0o644, 0o660, 0o602, 0o606] as [mode_t])
  func `a file that is not its owner's alone is refused`(mode: mode_t) throws {
    try write(#"{"allow":{}}"#, mode: mode)
    #expect(reason() == "others may read it (mode \(String(mode, radix: 8)))")
  }

  @Test(arguments: [0o770, 0o777, 0o1777, 0o702] as [mode_t])
  func `a folder in which others may put another file is refused, with a file in it or without`(mode: mode_t) throws {
    #expect(chmod(folder.path, mode) == 0)
    #expect(reason() == "others may write to its folder")
    try write(#"{"allow":{}}"#)
    #expect(reason() == "others may write to its folder")
  }

  @Test func `a file of another user is refused`() throws {
    guard getuid() == 0 else {
      print("skipped: only root can give a file away")
      return
    }
    try write(#"{"allow":{}}"#)
    #expect(chown(settings.configFile, 65534, 65534) == 0)
    #expect(reason() == "it belongs to user 65534, and this is user 0")
  }

  @Test func `a file that can't be read is no missing one`() throws {
    #expect(mkdir(settings.configFile, 0o700) == 0)
    #expect(reason()?.contains("Is a directory") == true)
  }
}
