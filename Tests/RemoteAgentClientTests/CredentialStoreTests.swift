import Glibc
import RemoteAgentClient
import RemoteAgentCore
import RemoteAgentProcess
import RemoteAgentTLS
import Testing

struct CredentialStoreTests {
  @Test func `what was saved is there again, and its secrets are not in the file`() throws {
    let place = try SettingsPlace()
    let saved = try SettingsPlace.credential()
    try place.store.save(saved, named: "default")
    let loaded = try place.store.credential(named: "default")
    #expect(loaded.refreshToken == "rar_secret")
    #expect(loaded.key.rawRepresentation == saved.key.rawRepresentation)
    #expect(loaded.hub == saved.hub)
    #expect(loaded.ca == "PEM")
    let file = String(decoding: try AtomicFile.read(place.folder.configFile), as: UTF8.self)
    #expect(!file.contains("rar_secret"))
    #expect(!file.contains(Base64.encode(saved.key.rawRepresentation)))
    var status = stat()
    #expect(stat(place.folder.configFile, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
    #expect(try place.store.summaries().map(\.sealedWith) == ["machine-id"])
  }

  @Test func `several have names, one is removed alone, and other settings stay`() throws {
    let place = try SettingsPlace()
    try AtomicFile.makeFolder(place.folder.path)
    try AtomicFile.write(Array(#"{"other":[1]}"#.utf8), to: place.folder.configFile, mode: 0o600)
    try place.store.save(try SettingsPlace.credential("a"), named: "default")
    try place.store.save(try SettingsPlace.credential("b"), named: "ci")
    try place.store.save(try SettingsPlace.credential("c"), named: "ci")
    try place.store.remove(named: "default")
    #expect(try place.store.summaries().map(\.name) == ["ci"])
    #expect(try place.store.credential(named: "ci").refreshToken == "c")
    #expect(try JSON(parsing: AtomicFile.read(place.folder.configFile))["other"] == [1])
  }

  @Test func `without a credential it is not paired`() throws {
    let place = try SettingsPlace()
    #expect(throws: ClientError.notPaired("this device is not paired")) { try place.store.credential(named: "default") }
  }

  @Test func `another machine can't open it`() throws {
    let place = try SettingsPlace()
    try place.store.save(try SettingsPlace.credential(), named: "default")
    unlink(place.machineID)
    try AtomicFile.write(Array("f123456789abcdef0123456789abcdef".utf8), to: place.machineID, mode: 0o444)
    let error = #expect(throws: ClientError.self) { try place.store.credential(named: "default") }
    #expect(error?.exitStatus == ExitStatus.configuration)
  }

  @Test func `a box moved to another hub or name doesn't open`() throws {
    let place = try SettingsPlace()
    try place.store.save(try SettingsPlace.credential(), named: "default")
    let text = String(decoding: try AtomicFile.read(place.folder.configFile), as: UTF8.self)
    for (from, to) in [("hub.example", "hub.invalid"), ("\"default\"", "\"other\""), ("c_1", "c_2")] {
      let changed = text.split(separator: from, omittingEmptySubsequences: false).joined(separator: to)
      try AtomicFile.write(Array(changed.utf8), to: place.folder.configFile, mode: 0o600)
      let name = to == "\"other\"" ? "other" : "default"
      #expect(throws: ClientError.self) { try place.store.credential(named: name) }
    }
  }

  @Test func `a file that others may read is refused`() throws {
    let place = try SettingsPlace()
    try place.store.save(try SettingsPlace.credential(), named: "default")
    chmod(place.folder.configFile, 0o644)
    let error = #expect(throws: ClientError.self) { try place.store.credential(named: "default") }
    #expect(error?.hint == "chmod 600 \(place.folder.configFile)")
  }

  @Test(arguments: ["", "[]", "{", "null", #"{"credentials":{"default":{}}}"#])
  func `a broken file is told, not overwritten`(text: String) throws {
    let place = try SettingsPlace()
    try AtomicFile.makeFolder(place.folder.path)
    try AtomicFile.write(Array(text.utf8), to: place.folder.configFile, mode: 0o600)
    let error = #expect(throws: ClientError.self) { try place.store.credential(named: "default") }
    #expect(error?.exitStatus == ExitStatus.configuration)
    #expect(try AtomicFile.read(place.folder.configFile) == Array(text.utf8))
  }

  @Test func `without a machine-id a key file is made for its owner alone`() throws {
    let place = try SettingsPlace(machineID: nil)
    try place.store.save(try SettingsPlace.credential(), named: "default")
    #expect(try place.store.credential(named: "default").refreshToken == "rar_secret")
    #expect(try place.store.summaries().map(\.sealedWith) == ["key-file"])
    var status = stat()
    #expect(stat(place.folder.keyFile, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
    chmod(place.folder.keyFile, 0o640)
    #expect(throws: ClientError.self) { try place.store.credential(named: "default") }
  }

  @Test func `where the settings are: the override, the old folder if it exists, XDG, home`() throws {
    func path(_ environment: [String: String], home: String? = "/home/pw", old: Bool = false) throws -> String {
      try SettingsFolder(environment: environment, home: home, exists: { _ in old }).path
    }
    #expect(try path(["REMOTE_AGENT_CLIENT_HOME": "/o", "HOME": "/h"], old: true) == "/o")
    #expect(try path(["HOME": "/h", "XDG_CONFIG_HOME": "/x"], old: true) == "/h/.remote-agent-client")
    #expect(try path(["HOME": "/h", "XDG_CONFIG_HOME": "/x"]) == "/x/remote-agent-client")
    #expect(try path(["HOME": "/h", "XDG_CONFIG_HOME": "relative"]) == "/h/.config/remote-agent-client")
    #expect(try path([:]) == "/home/pw/.config/remote-agent-client")
    #expect(throws: SettingsError.self) { try path([:], home: nil) }
  }
}
