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

  @OptionGroup
  var credential: CredentialOptions

  @Flag(help: "Show the credential, and whether the hub takes it.")
  var status = false

  @Flag(help: "Have the hub forget this device, and remove the credential.")
  var unpair = false

  @Flag(help: "Write the credential to standard output as one line, a secret; with --hub: pair, and keep nothing here.")
  var export = false

  @Flag(help: "Print JSON.")
  var json = false

  @Argument(
    help: ArgumentHelp("The code; - reads it from standard input; left out, it is asked for.", valueName: "code"))
  var code: String?

  func validate() throws {
    try validateExport()
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
    if !status, !unpair, !export, hub == nil {
      throw ValidationError("--hub URL is needed")
    }
    guard (label ?? "").utf8.count <= 256 else { throw ValidationError("--label has at most 256 bytes") }
  }

  func run() throws {
    let diagnostics = Diagnostics(program: "ra-pair")
    let variable = Environment.take(CredentialBundle.variable)
    let chosen = ChosenCredential(try credential.source(hasVariable: variable != nil), variable: variable)
    Signals.ignoreBrokenPipes()
    var exitStatus = ExitStatus.done
    do throws(ClientError) {
      let pairing = Pairing(tool: Version.tool("ra-pair"))
      if export {
        exitStatus = try write(chosen, pairing, diagnostics)
      } else if status {
        try showStatus(chosen, pairing)
      } else if unpair {
        try remove(chosen, pairing, diagnostics)
      } else {
        try store(pairing)
      }
    } catch {
      diagnostics.error("\(error)", hint: hint(for: error, chosen.source))
      exitStatus = error.exitStatus
    }
    throw ExitCode(exitStatus)
  }

  /// Pairs, and keeps the credential.
  private func store(_ pairing: Pairing) throws(ClientError) {
    let store = CredentialStore(folder: try SettingsFolder.current())
    let paired = try pair(pairing)
    try store.save(paired, named: credential.name)
    if json {
      print(summary(paired, .store(name: credential.name)).text)
    } else {
      print("paired with \(paired.hub.description) as \(paired.clientId)")
    }
  }

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
    let code = try readCode()
    return try pairing.pair(
      hub: hub, proxy: Proxy.chosen(for: hub, option: proxy, environment: Environment.all), ca: trusted, pins: pins,
      code: code, label: label ?? Platform.host)
  }

  private func showStatus(_ chosen: ChosenCredential, _ pairing: Pairing) throws(ClientError) {
    var paired = try chosen.read()
    paired.proxy = try Proxy.chosen(for: paired.hub, option: proxy, environment: Environment.all)
    let keeping = try Keeping(chosen.source)
    let device = try pairing.status(of: paired)
    if json {
      let members = (summary(paired, chosen.source).members ?? []) + keeping.members + [.init("device", device)]
      print(JSON.object(members).text)
    } else {
      print("hub          \(paired.hub.description)")
      print("device       \(paired.clientId) (\(device["label"]?.string ?? paired.label))")
      print("fingerprint  \(paired.key.publicKey.thumbprint)")
      print("sealed with  \(keeping.seal)")
      if let pins = paired.pins { print("pin          \(pins)") }
      print("kept in      \(keeping.place)")
      print("the hub takes it")
    }
  }

  private func remove(
    _ chosen: ChosenCredential, _ pairing: Pairing, _ diagnostics: Diagnostics
  ) throws(ClientError) {
    var paired = try chosen.read()
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
    print(json ? summary(paired, chosen.source).text : "unpaired from \(paired.hub.description)")
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

  private func hint(for error: ClientError, _ source: CredentialSource) -> String? {
    switch error {
    case .configuration(source.place, _): source.hint
    case .notPaired where hub == nil: "pair again: `ra-pair --hub URL CODE`"
    case .notPaired: "codes are good once and for ten minutes: ask for another (`ra-hub code`)"
    case .refused(let why) where why.contains("not the pinned one"):
      "if its owner says that this is the hub's key, pair with it: --pin"
    case .refused(let why) where why.contains("not trusted"):
      "a hub with a certificate of its own needs --ca FILE, as `ra-hub code` prints it"
    default: nil
    }
  }
}
