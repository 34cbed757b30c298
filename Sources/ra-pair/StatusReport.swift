import RemoteAgentClient
import RemoteAgentCore
import RemoteAgentProcess
import RemoteAgentTLS

/// What `ra-pair --status` shows: the store's entry, which no lock hides, then what the secrets and the hub say.
struct StatusReport {
  enum Place {
    case store(CredentialStore.Summary, CredentialStore)
    /// A bundle, which is read before there is a report.
    case elsewhere(CredentialSource)
  }

  let place: Place
  var paired: Credential?
  var device: JSON?
  var error: ClientError?

  init(place: Place) {
    self.place = place
  }

  private var hub: String {
    if case .store(let summary, _) = place { return summary.hub }
    return paired?.hub.description ?? ""
  }

  private var clientId: String {
    if case .store(let summary, _) = place { return summary.clientId }
    return paired?.clientId ?? ""
  }

  private var label: String {
    if case .store(let summary, _) = place { return summary.label }
    return paired?.label ?? ""
  }

  var json: JSON {
    let name: JSON.Member =
      switch place {
      case .store(let summary, _): .init("credential", .string(summary.name))
      case .elsewhere(let source): .init("source", .string(source.place))
      }
    var members: [JSON.Member] = [
      name, .init("hub", .string(hub)), .init("clientId", .string(clientId)), .init("label", .string(label)),
    ]
    if let paired {
      members.append(.init("fingerprint", .string(paired.key.publicKey.thumbprint)))
      if let pins = paired.pins { members.append(.init("pin", .string(pins.description))) }
    }
    if case .store(let summary, let store) = place {
      members.append(.init("store", .string(summary.store?.rawValue ?? "unknown")))
      if summary.store == .file {
        members.append(.init("sealedWith", .string(summary.sealedWith)))
        members.append(.init("passphrase", .bool(summary.hasPassphrase)))
      }
      members.append(.init("file", .string(store.folder.configFile)))
    }
    if let device { members.append(.init("device", device)) }
    if let error { members.append(.init("error", .string("\(error)"))) }
    return .object(members)
  }

  /// Each line as a terminal may have it: the hub names itself and the device.
  var text: String {
    var lines = ["hub          \(hub)", "device       \(clientId) (\(device?["label"]?.string ?? label))"]
    if let paired { lines.append("fingerprint  \(paired.key.publicKey.thumbprint)") }
    lines.append("store        \(keeping)")
    if let pins = paired?.pins { lines.append("pin          \(pins)") }
    if case .store(_, let store) = place { lines.append("file         \(store.folder.configFile)") }
    if device != nil { lines.append("the hub takes it") }
    return lines.map(TerminalText.field).joined(separator: "\n")
  }

  private var keeping: String {
    switch place {
    case .elsewhere(let source): return "none: \(source.place), sealed with nothing"
    case .store(let summary, let store):
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
}
