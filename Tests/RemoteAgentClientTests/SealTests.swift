import Glibc
import RemoteAgentClient
import RemoteAgentCore
import RemoteAgentProcess
import Testing

/// What is wrong with a settings file is told by its cause, and nothing is destroyed.
struct SealTests {
  /// A place with a credential in it.
  private func place(machineID id: String? = "0123456789abcdef0123456789abcdef\n") throws -> SettingsPlace {
    let place = try SettingsPlace(machineID: id)
    try place.store.save(try SettingsPlace.credential(), named: "default")
    return place
  }

  /// Reading fails with these words, and saving leaves the file as it is.
  private func expect(_ words: String, _ place: SettingsPlace, store: CredentialStore? = nil) throws {
    let before = try place.file
    let error = #expect(throws: ClientError.self) { try (store ?? place.store).credential(named: "default") }
    let said = error.map { "\($0)" } ?? ""
    #expect(said.contains(words), "\(said)")
    #expect(error?.exitStatus == ExitStatus.configuration)
    #expect(error?.hint?.isEmpty == false)
    #expect(try place.file == before)
  }

  @Test func `of many that need a key file at once one makes it, and all can be opened`() async throws {
    for _ in 0..<5 {
      let place = try SettingsPlace(machineID: nil)
      let (store, names) = (place.store, (0..<8).map { "c\($0)" })
      try await withThrowingTaskGroup(of: Void.self) { group in
        for name in names {
          group.addTask { _ = try store.save(try SettingsPlace.credential(name), named: name) }
        }
        try await group.waitForAll()
      }
      for name in names {
        let token = try store.credential(named: name).refreshToken
        #expect(token == name)
      }
    }
  }

  @Test func `a file that was cut short anywhere says so, and is never overwritten`() throws {
    let place = try place()
    let whole = try place.file
    for count in [1, 2, 17, whole.count / 2, whole.count - 3, whole.count - 2] {
      try place.write(String(decoding: whole[..<count], as: UTF8.self))
      try expect("it is cut short, after \(count) bytes", place)
      #expect(throws: ClientError.self) { try place.store.save(try SettingsPlace.credential(), named: "default") }
      #expect(throws: ClientError.self) { try place.store.remove(named: "default") }
      #expect(try place.file == Array(whole[..<count]))
    }
  }

  @Test(arguments: [
    ("", "it is empty"), ("\n", "it is empty"), ("{}}", "it is not JSON"), ("[]", "it must hold a JSON object"),
    ("secret", "it is not JSON"), (#"{"credentials":[]}"#, "its member credentials must be an object"),
  ])
  func `a file that is none of ours says so, and is never overwritten`(text: String, words: String) throws {
    let place = try SettingsPlace()
    try place.write(text)
    try expect(words, place)
    #expect(throws: ClientError.self) { try place.store.save(try SettingsPlace.credential(), named: "default") }
    #expect(throws: ClientError.self) { try place.store.prepare(named: "default") }
    #expect(try place.file == Array(text.utf8))
  }

  @Test func `another machine's file says so, and an altered one otherwise`() throws {
    let place = try place()
    try AtomicFile.write(
      Array("f123456789abcdef0123456789abcdef".utf8), to: place.folder.path + "/other", mode: 0o444)
    try expect(
      "it was sealed on another machine", place,
      store: CredentialStore(folder: place.folder, machineID: place.folder.path + "/other"))
    try expect(
      "this machine has none", place, store: CredentialStore(folder: place.folder, machineID: "/nonexistent"))
    try place.changeSealed("box", to: .string(Base64.encode([UInt8](repeating: 7, count: 99))))
    try expect("it was altered", place)
  }

  @Test func `another user's file says whose it is`() throws {
    let place = try place()
    try place.changeSealed("user", to: 4711)
    try expect("user 4711 sealed it, and this is user \(getuid())", place)
  }

  @Test(.enabled(if: getuid() == 0, "only root can give files away"))
  func `a file of another owner is refused, and told`() throws {
    let place = try place()
    #expect(chown(place.folder.configFile, 4711, 0) == 0)
    try expect("it belongs to user 4711, and this is user 0", place)
    #expect(throws: ClientError.self) { try place.store.save(try SettingsPlace.credential(), named: "default") }
  }

  @Test(arguments: [
    ("salt", JSON.string("%%%"), "the sealed part is damaged"), ("nonce", "AAAA", "the sealed part is damaged"),
    ("box", "", "the sealed part is damaged"), ("key", 1, "the sealed part is damaged"),
    ("key", "tpm", "it is sealed with \"tpm\", which this version does not know"),
    ("key", "key-file", "the key file that it was sealed with is missing"),
  ])
  func `a seal that is none says what is wrong`(name: String, value: JSON, words: String) throws {
    let place = try place()
    try place.changeSealed(name, to: value)
    try expect(words, place)
  }

  @Test func `a key file is used also after the machine got an id, and one that changed is told`() throws {
    let place = try place(machineID: nil)
    try AtomicFile.write(Array("f123456789abcdef0123456789abcdef".utf8), to: place.machineID, mode: 0o444)
    #expect(try place.store.credential(named: "default").refreshToken == "rar_secret")
    try AtomicFile.write([UInt8](repeating: 1, count: 32), to: place.folder.keyFile, mode: 0o600)
    try expect("it was sealed with another key file", place)
    try AtomicFile.write([1], to: place.folder.keyFile, mode: 0o600)
    try expect("it must have 32 bytes, and has 1", place)
  }

  @Test func `a file of the first version opens`() throws {
    let box =
      "Af9T/bepd5jLI24iSBGHFMp3od95voYj8vB1JhOOb8vVOrEEyHSoli9opPTVuw5Fue2NntUcjSS6xelS6VTWlYBgDleZnt+nruZD0fC/SqAq9tQWdVpss3OeVCftpoDKJ2uiuR5cNGI="
    let place = try SettingsPlace(machineID: nil)
    try place.write(
      #"{"credentials":{"default":{"hub":"https://hub.example","clientId":"c_1","label":"l","pairedAt":7,"#
        + #""sealed":{"key":"key-file","salt":"AAECAwQFBgcICQoLDA0ODw==","nonce":"AAECAwQFBgcICQoL","box":"\#(box)"}}}}"#
    )
    try AtomicFile.write([UInt8](repeating: UInt8(ascii: "*"), count: 32), to: place.folder.keyFile, mode: 0o600)
    #expect(try place.store.credential(named: "default").refreshToken == "rar_first")
    #expect(try place.store.summaries().first?.store == .file)
    try place.changeSealed("salt", to: "AAAAAAAAAAAAAAAAAAAAAA==")
    try expect("it was sealed by another machine or user, or altered", place)
  }

  // MARK: - Passphrases

  private func store(_ place: SettingsPlace, _ passphrase: String) throws -> CredentialStore {
    var store = place.store
    store.sealsWithPassphrase = true
    store.passphrase = .file(try place.passphraseFile(passphrase))
    return store
  }

  @Test func `a passphrase opens what it sealed, another one does not, and without one it is asked for`() throws {
    let place = try SettingsPlace()
    try store(place, "open sesame\n").save(try SettingsPlace.credential(), named: "default")
    #expect(try store(place, "open sesame\r\n").credential(named: "default").refreshToken == "rar_secret")
    #expect(try place.store.summaries().first?.hasPassphrase == true)
    try expect("the passphrase is wrong", place, store: try store(place, "open sesam"))
    try expect("it is sealed with a passphrase", place)
    try place.changeSealed("box", to: .string(Base64.encode([UInt8](repeating: 7, count: 99))))
    try expect("it was altered", place, store: try store(place, "open sesame"))
  }

  @Test func `what scrypt may cost is bounded`() throws {
    let place = try SettingsPlace()
    let store = try store(place, "p")
    try store.save(try SettingsPlace.credential(), named: "default")
    let json = try JSON(parsing: place.file)
    let members = try #require(json["credentials"]?["default"]?["sealed"]?["passphrase"]?.members)
    let values: [(String, Int64)] = [
      ("logN", 21), ("logN", 13), ("logN", .max), ("r", 33), ("r", -1), ("p", 5), ("p", 0),
    ]
    for (name, value) in values {
      try place.changeSealed(
        "passphrase", to: .object(members.filter { $0.name != name } + [.init(name, .integer(value))]))
      try expect("out of bounds", place, store: store)
    }
  }

  @Test(arguments: ["", "\n", "two\nlines\n", String(repeating: "x", count: 1025)])
  func `a passphrase file that is none is refused before anything is sealed`(text: String) throws {
    let place = try SettingsPlace()
    let store = try store(place, text)
    let error = #expect(throws: ClientError.self) { try store.prepare(named: "default") }
    #expect(error?.exitStatus == ExitStatus.badInput)
  }

  @Test func `a passphrase file that others may read is refused`() throws {
    let place = try SettingsPlace()
    let store = try store(place, "p")
    chmod(place.folder.path + "/passphrase", 0o640)
    let error = #expect(throws: ClientError.self) { try store.prepare(named: "default") }
    #expect(error?.hint == "chmod 600 \(place.folder.path)/passphrase")
  }
}
