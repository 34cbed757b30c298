import ArgumentParser
import Glibc
import RemoteAgentClient
import RemoteAgentCore
import RemoteAgentOptions
import RemoteAgentProcess
import RemoteAgentTLS

@main
struct RAPair: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ra-pair",
    abstract: "Pair this device with a hub, and keep the credential safe.",
    discussion: """
      Without a code the hub is asked: what is shown then has to be allowed there, by its owner. With a code from \
      `ra-hub code`, which is good once, for ten minutes, nobody has to be at the hub.
      """,
    version: Version.string)

  static func main() { CommandLine.run(RAPair.self) }

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

  @OptionGroup
  var credential: CredentialOptions

  @OptionGroup
  var storing: StoreOptions

  @Flag(help: "Show the credential, where its secrets are, and whether the hub takes it.")
  var status = false

  @Flag(help: "Have the hub forget this device, and remove the credential.")
  var unpair = false

  @Flag(help: "Write the credential to standard output as one line, a secret; with --hub: pair, and keep nothing here.")
  var export = false

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(name: .customLong("no-qr"), help: "Show no QR code of the address.")
  var withoutQR = false

  @Argument(
    help: ArgumentHelp("The code; - reads it from standard input; left out, the hub is asked.", valueName: "code"))
  var code: String?

  func validate() throws {
    try credential.validateName()
    try validateExport()
    guard !(status && unpair) else { throw ValidationError("--status and --unpair exclude each other") }
    if status || unpair {
      guard hub == nil, ca == nil, pin == nil, code == nil, label == nil, !withoutQR else {
        throw ValidationError("--status and --unpair take no hub, certificate, pin, label, QR code or code")
      }
    }
    if let pin {
      do {
        _ = try PinSet(pin)
      } catch {
        throw ValidationError("--\(error)")
      }
    }
    if !status, !unpair, !export, hub == nil {
      throw ValidationError("--hub URL is needed")
    }
    try storing.validate(stores: !status && !unpair && !export, reads: status || unpair || export && hub == nil)
    guard (label ?? "").utf8.count <= 256 else { throw ValidationError("--label has at most 256 bytes") }
  }

  func run() throws {
    ProcessMemory.keepPrivate()
    let diagnostics = Diagnostics(program: "ra-pair")
    let variable = Environment.take(CredentialBundle.variable)
    let chosen = ChosenCredential(
      try credential.source(hasVariable: variable != nil), variable: variable, passphrase: storing.source)
    let closed = Descriptors.fillStandard()
    Signals.ignoreBrokenPipes()
    var exitStatus = ExitStatus.done
    do throws(ClientError) {
      let pairing = Pairing(tool: Version.tool("ra-pair"))
      if export {
        exitStatus = try write(chosen, pairing, hasOutput: !closed.contains(STDOUT_FILENO), diagnostics)
      } else if status {
        try showStatus(chosen, pairing)
      } else if unpair {
        try remove(chosen, pairing, diagnostics)
      } else {
        try store(pairing, diagnostics)
      }
    } catch {
      diagnostics.error("\(error)", hint: hint(for: error, chosen.source))
      exitStatus = error.exitStatus
    }
    throw ExitCode(exitStatus)
  }

  /// Pairs, and keeps the credential.
  private func store(_ pairing: Pairing, _ diagnostics: Diagnostics) throws(ClientError) {
    var store = CredentialStore(folder: try SettingsFolder.current())
    storing.apply(to: &store)
    // First: a code is good once.
    let prepared = try store.prepare(named: credential.name)
    let paired = try pair(pairing)
    let place: CredentialStore.Place
    do throws(ClientError) {
      place = try store.save(paired, named: credential.name, as: prepared)
    } catch {
      // A device that nobody has the credential of is of no use to the hub either.
      diagnostics.note(forget(paired, pairing))
      throw error
    }
    storing.tell(place, store, diagnostics)
    if json {
      let members = summary(paired, .store(name: credential.name)).members ?? []
      print(JSON.object(members + [.init("store", .string(place.kind.rawValue))]).text)
    } else {
      print(TerminalText.field("paired with \(paired.hub.description) as \(paired.clientId)"))
    }
  }

  /// Pairs, and leaves it to the caller to keep the credential.
  func pair(_ pairing: Pairing) throws(ClientError) -> Credential {
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
    let request = PairingRequest(
      hub: hub, proxy: try Proxy.chosen(for: hub, option: proxy, environment: Environment.all), ca: trusted, pins: pins,
      label: label ?? Platform.host)
    let code = try readCode()
    return try obtain(request, pairing, code: code)
  }

  private func showStatus(_ chosen: ChosenCredential, _ pairing: Pairing) throws(ClientError) {
    var report: StatusReport
    if case .store = chosen.source {
      let store = CredentialStore(folder: try SettingsFolder.current())
      guard let summary = try store.summaries().first(where: { $0.name == credential.name }) else {
        _ = try chosen.read()
        return
      }
      report = StatusReport(place: .store(summary, store))
    } else {
      report = StatusReport(place: .elsewhere(chosen.source))
      report.paired = try chosen.read()
    }
    do throws(ClientError) {
      var paired = if let paired = report.paired { paired } else { try chosen.read() }
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
    _ chosen: ChosenCredential, _ pairing: Pairing, _ diagnostics: Diagnostics
  ) throws(ClientError) {
    var paired: Credential
    do throws(ClientError) {
      paired = try chosen.read()
    } catch {
      guard case .store = chosen.source, case .notPaired = error else { throw error }
      try removeEntry(error, diagnostics)
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
    // What is kept elsewhere is for its keeper to remove: it is of no more use.
    if chosen.source.isStore {
      try CredentialStore(folder: try SettingsFolder.current()).remove(named: credential.name)
    }
    print(json ? summary(paired, chosen.source).text : TerminalText.field("unpaired from \(paired.hub.description)"))
  }

  /// The entry may be here where its secrets are gone from the keyring: nobody can speak for that device any more.
  private func removeEntry(_ error: ClientError, _ diagnostics: Diagnostics) throws(ClientError) {
    let store = CredentialStore(folder: try SettingsFolder.current())
    guard let entry = try store.summaries().first(where: { $0.name == credential.name }) else { throw error }
    diagnostics.warning("\(error); the hub was not told: `ra-hub revoke \(entry.clientId)` does it there")
    try store.remove(named: credential.name)
    print(
      json
        ? StatusReport(place: .store(entry, store)).json.text
        : TerminalText.field("the credential of \(entry.hub) is removed"))
  }

  private func summary(_ paired: Credential, _ source: CredentialSource) -> JSON {
    var members: [JSON.Member] = [
      source.isStore ? .init("credential", .string(credential.name)) : .init("source", .string(source.place)),
      .init("hub", .string(paired.hub.description)),
      .init("clientId", .string(paired.clientId)), .init("label", .string(paired.label)),
      .init("fingerprint", .string(paired.key.publicKey.thumbprint)),
    ]
    if let pins = paired.pins { members.append(.init("pin", .string(pins.description))) }
    return .object(members)
  }

  /// The code that was given; nil if there is none, and the hub is to be asked.
  private func readCode() throws(ClientError) -> PairingCode? {
    guard var text = code else { return nil }
    if text == "-" {
      if Descriptors.isTerminal(STDIN_FILENO) { Diagnostics(program: "ra-pair").ask("code: ") }
      text = readLine() ?? ""
    }
    guard let code = PairingCode(text) else {
      throw .badInput("reading the code: it must be 8 letters and digits, as in ABCD-EFGH")
    }
    return code
  }

  private func hint(for error: ClientError, _ source: CredentialSource) -> String? {
    switch error {
    case .configuration(source.place, _): source.hint
    case .notPaired where hub == nil: "pair again: `ra-pair --hub URL`, or with a code from `ra-hub code`"
    case .notPaired where code == nil: nil
    case .notPaired(let why) where why.hasSuffix("denied"): nil
    case .notPaired: "codes are good once and for ten minutes: ask for another (`ra-hub code`)"
    case .refused(let why) where why.contains("takes codes only"):
      "ask its owner for a code (`ra-hub code`): `ra-pair --hub URL CODE`"
    case .refused(let why) where why.contains("not the pinned one"):
      "if its owner says that this is the hub's key, pair with it: --pin"
    case .refused(let why) where why.contains("not trusted"):
      "a hub with a certificate of its own needs --ca FILE, as `ra-hub code` prints it"
    default: error.hint
    }
  }
}
