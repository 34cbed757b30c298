import Glibc
import RemoteAgentCore
package import RemoteAgentProcess
import RemoteAgentTLS

/// The device's credentials by name, in one settings file (0600, replaced as a whole), their secrets sealed.
package struct CredentialStore: Sendable {
  package static let defaultName = "default"

  package let folder: SettingsFolder
  private let machineID: String

  package init(folder: SettingsFolder, machineID: String = "/etc/machine-id") {
    self.folder = folder
    self.machineID = machineID
  }

  /// What a credential's entry shows without opening it.
  package struct Summary: Sendable, Equatable {
    package let name: String
    package let hub: String
    package let clientId: String
    package let label: String
    package let pairedAt: Int64
    /// What the seal's key is made from.
    package let sealedWith: String
  }

  /// The names and places of all credentials.
  package func summaries() throws(ClientError) -> [Summary] {
    (try load()["credentials"]?.members ?? []).map { member in
      Summary(
        name: member.name, hub: member.value["hub"]?.string ?? "", clientId: member.value["clientId"]?.string ?? "",
        label: member.value["label"]?.string ?? "", pairedAt: member.value["pairedAt"]?.integer ?? 0,
        sealedWith: member.value["sealed"]?["key"]?.string ?? "")
    }
  }

  /// The credential of that name; `notPaired` if there is none.
  package func credential(named name: String) throws(ClientError) -> Credential {
    guard let entry = try load()["credentials"]?[name] else {
      throw .notPaired(
        name == CredentialStore.defaultName
          ? "this device is not paired" : "this device has no credential named \(name)")
    }
    let file = folder.configFile
    guard let hub = entry["hub"]?.string, let clientId = entry["clientId"]?.string, let sealed = entry["sealed"] else {
      throw .configuration(file, "the credential \(name) is incomplete")
    }
    let seal = try Seal(machineID: machineID, keyFile: folder.keyFile, create: false)
    guard let secrets = seal.open(sealed, context: context(name: name, hub: hub, clientId: clientId)),
      let raw = secrets["privateKey"]?.string.flatMap(Base64.decode),
      let key = try? ES256PrivateKey(rawRepresentation: raw), let refreshToken = secrets["refreshToken"]?.string
    else {
      throw .configuration(
        file, "the credential \(name) can't be opened: it was sealed by another machine or user, or altered")
    }
    var pins: PinSet?
    if let text = entry["pin"]?.string {
      do {
        pins = try PinSet(text)
      } catch {
        throw .configuration(file, "the credential \(name): \(error)")
      }
    }
    return Credential(
      hub: try HubURL(hub), ca: entry["ca"]?.string, pins: pins, clientId: clientId,
      label: entry["label"]?.string ?? "", key: key,
      refreshToken: refreshToken, pairedAt: entry["pairedAt"]?.integer ?? 0)
  }

  /// Adds or replaces the credential of that name.
  package func save(_ credential: Credential, named name: String) throws(ClientError) {
    try change { (members: inout [JSON.Member]) throws(ClientError) in
      let seal = try Seal(machineID: machineID, keyFile: folder.keyFile, create: true)
      let hub = credential.hub.description
      let secrets: JSON = [
        "privateKey": .string(Base64.encode(credential.key.rawRepresentation)),
        "refreshToken": .string(credential.refreshToken),
      ]
      var entry: [JSON.Member] = [.init("hub", .string(hub))]
      if let ca = credential.ca { entry.append(.init("ca", .string(ca))) }
      if let pins = credential.pins { entry.append(.init("pin", .string(pins.description))) }
      entry += [
        .init("clientId", .string(credential.clientId)), .init("label", .string(credential.label)),
        .init("pairedAt", .integer(credential.pairedAt)),
        .init(
          "sealed",
          try seal.seal(secrets, context: context(name: name, hub: hub, clientId: credential.clientId))),
      ]
      members.removeAll { $0.name == name }
      members.append(.init(name, .object(entry)))
    }
  }

  /// Removes the credential of that name, if there is one.
  package func remove(named name: String) throws(ClientError) {
    try change { (members: inout [JSON.Member]) throws(ClientError) in members.removeAll { $0.name == name } }
  }

  /// So that a box can't be moved under another name, hub or device.
  private func context(name: String, hub: String, clientId: String) -> String { "\(name)\n\(hub)\n\(clientId)" }

  private func load() throws(ClientError) -> JSON {
    let file = folder.configFile
    guard access(file, F_OK) == 0 || errno != ENOENT else { return [:] }
    do {
      let json = try JSON(parsing: try PrivateFile.read(file))
      guard json.members != nil else { throw PrivateFile.Refusal(description: "it must hold a JSON object") }
      return json
    } catch {
      throw .configuration(file, "\(error)")
    }
  }

  /// Reads, changes and replaces the file, one process at a time. Settings that aren't credentials stay as they are.
  private func change(
    _ edit: (inout [JSON.Member]) throws(ClientError) -> Void
  ) throws(ClientError) {
    do {
      try AtomicFile.makeFolder(folder.path)
    } catch {
      throw .cannotCreate(folder.path, "\(error)")
    }
    let lock = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard lock >= 0, flock(lock, LOCK_EX) == 0 else {
      throw .cannotCreate(folder.path, String(cString: strerror(errno)))
    }
    defer { close(lock) }
    var members = try load().members ?? []
    var credentials = members.first { $0.name == "credentials" }?.value.members ?? []
    try edit(&credentials)
    members.removeAll { $0.name == "credentials" }
    members.append(.init("credentials", .object(credentials)))
    do {
      try AtomicFile.write(JSON.object(members).serialized() + [0x0A], to: folder.configFile, mode: 0o600)
    } catch {
      throw .cannotCreate(folder.configFile, "\(error)")
    }
  }
}
