import ArgumentParser
import Glibc
import RemoteAgentClient
import RemoteAgentCore
import RemoteAgentProcess
import RemoteAgentTLS

@main
struct RAPair: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ra-pair",
    abstract: "Pair this device with a hub, and keep the credential safe.",
    discussion: "The hub's owner gets a code from `ra-hub code`; it is good once, for ten minutes.",
    version: Version.string)

  @Option(help: ArgumentHelp("The hub to pair with.", valueName: "url"))
  var hub: String?

  @Option(help: ArgumentHelp("Trust these certificates in place of the system's.", valueName: "file"))
  var ca: String?

  @Option(
    help: ArgumentHelp(
      "The hub's public key, sha256//BASE64, several joined by ';': alone it stands in for the chain.",
      valueName: "pin"))
  var pin: String?

  @Option(help: ArgumentHelp("The HTTP proxy to go through, in place of HTTPS_PROXY; '' for none.", valueName: "url"))
  var proxy: String?

  @Option(help: ArgumentHelp("What the hub calls this device; the machine's name by default.", valueName: "text"))
  var label: String?

  @Option(help: ArgumentHelp("Which credential, for more than one.", valueName: "name"))
  var credential = CredentialStore.defaultName

  @OptionGroup
  var storing: StoreOptions

  @Flag(help: "Show the credential, where its secrets are, and whether the hub takes it.")
  var status = false

  @Flag(help: "Have the hub forget this device, and remove the credential.")
  var unpair = false

  @Flag(help: "Print JSON.")
  var json = false

  @Argument(
    help: ArgumentHelp("The code; - reads it from standard input; left out, it is asked for.", valueName: "code"))
  var code: String?

  func validate() throws {
    guard !(status && unpair) else { throw ValidationError("--status and --unpair exclude each other") }
    if status || unpair {
      guard hub == nil, ca == nil, pin == nil, code == nil, label == nil else {
        throw ValidationError("--status and --unpair take no hub, certificate, pin, label or code")
      }
    }
    if let pin {
      do {
        _ = try PinSet(pin)
      } catch {
        throw ValidationError("--\(error)")
      }
    }
    if !status, !unpair, hub == nil {
      throw ValidationError("--hub URL is needed")
    }
    try storing.validate(pairs: !status && !unpair)
    guard Credential.isValidName(credential) else {
      throw ValidationError("--credential takes a letter or digit and at most 63 of A-Za-z0-9._-")
    }
    guard (label ?? "").utf8.count <= 256 else { throw ValidationError("--label has at most 256 bytes") }
  }

  func run() throws {
    let diagnostics = Diagnostics(program: "ra-pair")
    _ = Descriptors.fillStandard()
    Signals.ignoreBrokenPipes()
    do throws(ClientError) {
      var store = CredentialStore(folder: try SettingsFolder.current())
      storing.apply(to: &store)
      let pairing = Pairing(tool: Version.tool("ra-pair"))
      if status {
        try showStatus(store, pairing)
      } else if unpair {
        try remove(store, pairing, diagnostics)
      } else {
        try pair(store, pairing, diagnostics)
      }
    } catch {
      diagnostics.error("\(error)", hint: hint(for: error))
      throw ExitCode(error.exitStatus)
    }
  }

  private func pair(
    _ store: CredentialStore, _ pairing: Pairing, _ diagnostics: Diagnostics
  ) throws(ClientError) {
    let hub = try HubURL(hub ?? "")
    var trusted: String?
    if let ca {
      do {
        trusted = String(decoding: try AtomicFile.read(ca), as: UTF8.self)
      } catch {
        throw .noInput("\(error)")
      }
    }
    let pins = pin.flatMap { try? PinSet($0) }
    let code = try readCode()
    let prepared = try store.prepare(named: credential)
    let paired = try pairing.pair(
      hub: hub, proxy: Proxy.chosen(for: hub, option: proxy, environment: Environment.all), ca: trusted, pins: pins,
      code: code, label: label ?? Platform.host)
    let place: CredentialStore.Place
    do throws(ClientError) {
      place = try store.save(paired, named: credential, as: prepared)
    } catch {
      // A device that nobody has the credential of is of no use to the hub either.
      try? pairing.unpair(paired)
      throw error
    }
    storing.tell(place, store, diagnostics)
    if json {
      print(JSON.object((summary(paired).members ?? []) + [.init("store", .string(place.kind.rawValue))]).text)
    } else {
      print("paired with \(hub.description) as \(paired.clientId)")
    }
  }

  private func showStatus(_ store: CredentialStore, _ pairing: Pairing) throws(ClientError) {
    guard let summary = try store.summaries().first(where: { $0.name == credential }) else {
      _ = try store.credential(named: credential)
      return
    }
    var report = StatusReport(summary: summary, store: store)
    do throws(ClientError) {
      var paired = try store.credential(named: credential)
      paired.proxy = try Proxy.chosen(for: paired.hub, option: proxy, environment: Environment.all)
      report.paired = paired
      report.device = try pairing.status(of: paired)
    } catch {
      report.error = error
    }
    print(json ? report.json.text : report.text)
    if let error = report.error { throw error }
  }

  private func remove(
    _ store: CredentialStore, _ pairing: Pairing, _ diagnostics: Diagnostics
  ) throws(ClientError) {
    var paired: Credential
    do throws(ClientError) {
      paired = try store.credential(named: credential)
    } catch {
      guard case .notPaired = error, let entry = try store.summaries().first(where: { $0.name == credential }) else {
        throw error
      }
      // The entry is here, its secrets are gone from the keyring: nobody can speak for this device any more.
      diagnostics.warning("\(error); the hub was not told: `ra-hub revoke \(entry.clientId)` does it there")
      try store.remove(named: credential)
      print(json ? StatusReport(summary: entry, store: store).json.text : "the credential of \(entry.hub) is removed")
      return
    }
    paired.proxy = try Proxy.chosen(for: paired.hub, option: proxy, environment: Environment.all)
    do throws(ClientError) {
      try pairing.unpair(paired)
    } catch {
      // A hub that no longer knows the device has nothing to forget.
      guard case .notPaired = error else { throw error }
      diagnostics.warning("\(error)")
    }
    try store.remove(named: credential)
    print(json ? summary(paired).text : "unpaired from \(paired.hub.description)")
  }

  private func summary(_ paired: Credential) -> JSON {
    var members: [JSON.Member] = [
      .init("credential", .string(credential)), .init("hub", .string(paired.hub.description)),
      .init("clientId", .string(paired.clientId)), .init("label", .string(paired.label)),
      .init("fingerprint", .string(paired.key.publicKey.thumbprint)),
    ]
    if let pins = paired.pins { members.append(.init("pin", .string(pins.description))) }
    return .object(members)
  }

  private func readCode() throws(ClientError) -> PairingCode {
    let text: String
    switch code {
    case "-"?: text = readLine() ?? ""
    case let given?: text = given
    case nil:
      guard Descriptors.isTerminal(STDIN_FILENO) else {
        throw .badInput(
          "reading the code: there is no terminal to ask at; give it, or - to read it from standard input")
      }
      Diagnostics(program: "ra-pair").ask("code: ")
      text = readLine() ?? ""
    }
    guard let code = PairingCode(text) else {
      throw .badInput("reading the code: it must be 8 letters and digits, as in ABCD-EFGH")
    }
    return code
  }

  private func hint(for error: ClientError) -> String? {
    switch error {
    case .notPaired where status || unpair: "pair again: `ra-pair --hub URL CODE`"
    case .notPaired: "codes are good once and for ten minutes: ask for another (`ra-hub code`)"
    case .refused(let why) where why.contains("not the pinned one"):
      "if its owner says that this is the hub's key, pair with it: --pin"
    case .refused(let why) where why.contains("not trusted"):
      "a hub with a certificate of its own needs --ca FILE, as `ra-hub code` prints it"
    default: error.hint
    }
  }
}
