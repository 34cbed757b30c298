import RemoteAgentClient
import RemoteAgentCore
import RemoteAgentTLS

/// What `ra-pair --status` shows: the entry, which no lock hides, then what its secrets and the hub say.
struct StatusReport {
  let summary: CredentialStore.Summary
  let store: CredentialStore
  var paired: Credential?
  var device: JSON?
  var error: ClientError?

  var json: JSON {
    var members: [JSON.Member] = [
      .init("credential", .string(summary.name)), .init("hub", .string(summary.hub)),
      .init("clientId", .string(summary.clientId)), .init("label", .string(summary.label)),
    ]
    if let paired {
      members.append(.init("fingerprint", .string(paired.key.publicKey.thumbprint)))
      if let pins = paired.pins { members.append(.init("pin", .string(pins.description))) }
    }
    members.append(.init("store", .string(summary.store?.rawValue ?? "unknown")))
    if summary.store == .file {
      members.append(.init("sealedWith", .string(summary.sealedWith)))
      members.append(.init("passphrase", .bool(summary.hasPassphrase)))
    }
    members.append(.init("file", .string(store.folder.configFile)))
    if let device { members.append(.init("device", device)) }
    if let error { members.append(.init("error", .string("\(error)"))) }
    return .object(members)
  }

  var text: String {
    var lines = [
      "hub          \(summary.hub)",
      "device       \(summary.clientId) (\(device?["label"]?.string ?? summary.label))",
    ]
    if let paired { lines.append("fingerprint  \(paired.key.publicKey.thumbprint)") }
    lines.append("store        \(place)")
    if let pins = paired?.pins { lines.append("pin          \(pins)") }
    lines.append("file         \(store.folder.configFile)")
    if device != nil { lines.append("the hub takes it") }
    return lines.joined(separator: "\n")
  }

  private var place: String {
    switch summary.store {
    case .keychain: return "the keyring (\(store.keyringName))"
    case .file:
      let key =
        summary.sealedWith == "machine-id" ? "the machine-id and the user" : "the key file \(store.folder.keyFile)"
      return "the file, sealed with \(key)\(summary.hasPassphrase ? " and a passphrase" : "")"
    case nil: return "unknown to this version"
    }
  }
}
