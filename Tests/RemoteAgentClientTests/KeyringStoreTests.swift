import RemoteAgentClient
import RemoteAgentCore
import RemoteAgentProcess
import RemoteAgentTLS
import Synchronization
import Testing

struct KeyringStoreTests {
  private let item = KeyringItem(hub: "https://hub.example", clientId: "c_1")

  private func store(_ place: SettingsPlace, _ choice: StoreChoice = .keychain) -> CredentialStore {
    var store = place.store
    store.choice = choice
    return store
  }

  @Test(arguments: [StoreChoice.keychain, .auto])
  func `the secrets go to the keyring, the rest to the file, which says so`(choice: StoreChoice) throws {
    let place = try SettingsPlace()
    let saved = try SettingsPlace.credential()
    let kept = try store(place, choice).save(saved, named: "default")
    #expect(kept == .init(kind: .keychain, why: nil, left: nil))
    let loaded = try place.store.credential(named: "default")
    #expect(loaded.refreshToken == "rar_secret")
    #expect(loaded.key.rawRepresentation == saved.key.rawRepresentation)
    #expect(place.keyring.items.keys.map(\.self) == [item])
    let text = String(decoding: try place.file, as: UTF8.self)
    #expect(!text.contains("sealed") && !text.contains("rar_secret"))
    let summary = try #require(try place.store.summaries().first)
    #expect(summary.store == .keychain)
    #expect(summary.sealedWith.isEmpty)
  }

  @Test(arguments: [
    KeyringFailure.locked, .noDefault, .noLibrary, .noBus("/b"), .noService, .tooLate(milliseconds: 1), .failed("x"),
  ])
  func `auto takes the file where the keyring fails, and says why; keychain refuses before anything is done`(
    failure: KeyringFailure
  ) throws {
    let place = try SettingsPlace()
    place.keyring.fail(failure)
    let error = #expect(throws: ClientError.self) { try store(place).prepare(named: "default") }
    #expect(error == .credential("storing the credential default: \(failure)", hint: failure.hint))
    #expect(throws: FileError.self) { try place.file }
    let kept = try store(place, .auto).save(try SettingsPlace.credential(), named: "default")
    #expect(kept == .init(kind: .file, why: failure, left: nil))
    #expect(try place.store.credential(named: "default").refreshToken == "rar_secret")
  }

  @Test func `a keyring that gives back something else is not trusted, and keeps nothing`() throws {
    let place = try SettingsPlace()
    place.keyring.state.withLock { $0.gives = [1] }
    #expect(throws: ClientError.self) { try store(place).save(try SettingsPlace.credential(), named: "default") }
    #expect(place.keyring.items.isEmpty)
    let kept = try store(place, .auto).save(try SettingsPlace.credential(), named: "default")
    #expect(kept.kind == .file)
    #expect(place.keyring.items.isEmpty)
  }

  @Test func `locked, absent and not found are told apart, and the entry stays`() throws {
    let place = try SettingsPlace()
    try store(place).save(try SettingsPlace.credential(), named: "default")
    let before = try place.file
    for failure in [KeyringFailure.locked, .noBus("/b"), .noLibrary, .noService] {
      place.keyring.fail(failure)
      let error = #expect(throws: ClientError.self) { try place.store.credential(named: "default") }
      #expect(error == .credential("reading the credential default: \(failure)", hint: failure.hint))
      #expect(throws: ClientError.self) { try place.store.remove(named: "default") }
      #expect(try place.store.summaries().first?.store == .keychain)
    }
    place.keyring.fail(nil)
    try place.keyring.remove(item)
    let error = #expect(throws: ClientError.self) { try place.store.credential(named: "default") }
    #expect(error?.exitStatus == ExitStatus.notPaired)
    #expect(try place.file == before)
  }

  @Test func `removing takes the secrets with it, also where they are gone`() throws {
    let place = try SettingsPlace()
    for isGone in [false, true] {
      try store(place).save(try SettingsPlace.credential(), named: "default")
      if isGone { try place.keyring.remove(item) }
      try place.store.remove(named: "default")
      #expect(place.keyring.items.isEmpty)
      #expect(try place.store.summaries().isEmpty)
    }
  }

  @Test(arguments: [StoreChoice.keychain, .file])
  func `what a new credential replaces does not stay in the keyring`(choice: StoreChoice) throws {
    let place = try SettingsPlace()
    try store(place).save(try SettingsPlace.credential(), named: "default")
    try store(place).save(try SettingsPlace.credential(clientId: "c_3"), named: "other")
    let kept = try store(place, choice).save(try SettingsPlace.credential(clientId: "c_2"), named: "default")
    #expect(kept.left == nil)
    #expect(place.keyring.items.keys.map(\.clientId).sorted() == (choice == .file ? ["c_3"] : ["c_2", "c_3"]))
  }

  @Test func `what can't be removed from the keyring is told`() throws {
    let place = try SettingsPlace()
    try store(place).save(try SettingsPlace.credential(), named: "default")
    place.keyring.fail(.locked)
    let kept = try store(place, .file).save(try SettingsPlace.credential(clientId: "c_2"), named: "default")
    #expect(kept == .init(kind: .file, why: nil, left: .locked))
  }

  @Test func `a file that can't be read keeps secrets out of the keyring, and stays`() throws {
    let place = try SettingsPlace()
    try place.write("{")
    #expect(throws: ClientError.self) { try store(place).save(try SettingsPlace.credential(), named: "default") }
    #expect(place.keyring.items.isEmpty)
    #expect(try place.file == Array("{".utf8))
  }

  @Test func `the bus is where the environment says, else at its usual place`() {
    func find(_ environment: [String: String], has socket: Bool = true) -> SessionBus {
      SessionBus.find(environment: environment, user: 7, exists: { _ in socket })
    }
    #expect(find(["DBUS_SESSION_BUS_ADDRESS": "unix:abstract=x", "XDG_RUNTIME_DIR": "/r"]) == .environment)
    #expect(find(["DBUS_SESSION_BUS_ADDRESS": "", "XDG_RUNTIME_DIR": "/r"]) == .at("unix:path=/r/bus"))
    #expect(find(["XDG_RUNTIME_DIR": "relative"]) == .at("unix:path=/run/user/7/bus"))
    #expect(find([:]) == .at("unix:path=/run/user/7/bus"))
    #expect(find(["XDG_RUNTIME_DIR": "/a b,;\u{1}"]) == .at("unix:path=/a%20b%2c%3b%01/bus"))
    #expect(find([:], has: false) == .none("/run/user/7/bus"))
  }
}
