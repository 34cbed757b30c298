import Glibc
import RemoteAgentClient
import RemoteAgentCore
import RemoteAgentProcess
import RemoteAgentTLS
import Testing

/// A fresh settings folder, removed at the end, with a machine-id of its own.
final class SettingsPlace {
  private let path: String
  let machineID: String
  let folder: SettingsFolder
  let keyring = MemoryKeyring()
  var store: CredentialStore { CredentialStore(folder: folder, machineID: machineID, keyring: keyring) }

  init(machineID id: String? = "0123456789abcdef0123456789abcdef\n") throws {
    var template = Array("/tmp/ra-test.XXXXXX".utf8CString)
    let made = try #require(mkdtemp(&template))
    path = String(cString: made)
    machineID = path + "/machine-id"
    if let id { try AtomicFile.write(Array(id.utf8), to: machineID, mode: 0o444) }
    folder = try SettingsFolder(
      environment: ["REMOTE_AGENT_CLIENT_HOME": path + "/home"], home: nil, exists: { _ in false })
  }

  deinit {
    for name in ["/home/config.json", "/home/key", "/home/passphrase", "/home/other", "/machine-id"] {
      unlink(path + name)
    }
    rmdir(path + "/home")
    rmdir(path)
  }

  static func credential(_ token: String = "rar_secret", clientId: String = "c_1") throws -> Credential {
    Credential(
      hub: try HubURL("https://hub.example"), ca: "PEM", clientId: clientId, label: "l",
      key: try ES256PrivateKey.generate(),
      refreshToken: token, pairedAt: 7)
  }

  /// The settings file's bytes.
  var file: [UInt8] {
    get throws { try AtomicFile.read(folder.configFile) }
  }

  func write(_ text: String) throws {
    try AtomicFile.makeFolder(folder.path)
    try AtomicFile.write(Array(text.utf8), to: folder.configFile, mode: 0o600)
  }

  /// Puts another value in place of a member of the default credential's seal; nil takes it out.
  func changeSealed(_ name: String, to value: JSON?) throws {
    let json = try JSON(parsing: file)
    let entry = try #require(json["credentials"]?["default"]?.members)
    let sealed = try #require(json["credentials"]?["default"]?["sealed"]?.members)
    let changed = sealed.filter { $0.name != name } + (value.map { [.init(name, $0)] } ?? [])
    let credential = JSON.object(entry.filter { $0.name != "sealed" } + [.init("sealed", .object(changed))])
    try write(JSON.object([.init("credentials", .object([.init("default", credential)]))]).text)
  }

  /// A private file of one line.
  func passphraseFile(_ text: String) throws -> String {
    try AtomicFile.makeFolder(folder.path)
    let file = folder.path + "/passphrase"
    try AtomicFile.write(Array(text.utf8), to: file, mode: 0o600)
    return file
  }
}
