import RemoteAgentClient
import RemoteAgentCore

/// Where a credential is kept, and what protects it there, for --status.
struct Keeping {
  let place: String
  let seal: String
  /// The same for --json.
  let members: [JSON.Member]

  init(_ source: CredentialSource) throws(ClientError) {
    guard case .store(let name) = source else {
      place = source.place
      seal = "nothing: whoever has it can use it"
      members = []
      return
    }
    let store = CredentialStore(folder: try SettingsFolder.current())
    let sealed = try store.summaries().first { $0.name == name ?? CredentialStore.defaultName }?.sealedWith ?? ""
    place = store.folder.configFile
    seal = sealed == "machine-id" ? "the machine-id and the user" : "the key file \(store.folder.keyFile)"
    members = [.init("sealedWith", .string(sealed)), .init("file", .string(place))]
  }
}
