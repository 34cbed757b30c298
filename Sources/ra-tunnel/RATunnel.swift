import ArgumentParser
import Glibc
import RemoteAgentClient
import RemoteAgentCore
import RemoteAgentOptions
import RemoteAgentProcess
import RemoteAgentTLS

@main
struct RATunnel: ParsableCommand {
  enum Control: String, ExpressibleByArgument {
    case auto, on, off
  }

  static let configuration = CommandConfiguration(
    commandName: "ra-tunnel",
    abstract: "Carry lines from standard input to a hub, and its controls to standard output.",
    discussion: "Exits 0 only when the hub has stored everything.",
    version: Version.string)

  static func main() { CommandLine.run(RATunnel.self) }

  @Flag(help: "Wrap every line as text, also lines of the line format.")
  var text = false

  @Flag(help: "Copy the input to standard output; controls are refused then.")
  var tee = false

  @OptionGroup
  var session: SessionOptions

  @Option(
    help: ArgumentHelp("Whether somebody reads controls from standard output: auto, on or off.", valueName: "when"))
  var control = Control.auto

  @Flag(help: "Write the hub's hello, with the session's address, to standard output before the controls.")
  var announce = false

  @Flag(help: "Carry the controls of the device itself to standard output, and no session.")
  var deviceChannel = false

  @OptionGroup
  var credential: CredentialOptions

  @Option(help: ArgumentHelp("The hub's public key for this run, in place of the credential's.", valueName: "pin"))
  var pin: String?

  @Option(help: ArgumentHelp("The HTTP proxy to go through, in place of HTTPS_PROXY; '' for none.", valueName: "url"))
  var proxy: String?

  @OptionGroup
  var passphrase: PassphraseOptions

  @OptionGroup
  var left: LeftOptions

  @OptionGroup
  var spool: SpoolOptions

  @Option(help: ArgumentHelp("Write what happens to a descriptor, as JSON lines.", valueName: "fd"))
  var events: Int32?

  @Flag(help: "Try the way to the hub step by step, and read no input.")
  var check = false

  @Flag(help: "With --check: print JSON.")
  var json = false

  func validate() throws {
    if json, !check { throw ValidationError("--json goes with --check") }
    if check, text || tee || announce || !session.options.isEmpty {
      throw ValidationError("--check makes a session of its own and reads no input")
    }
    if deviceChannel, let other = optionOfSessions {
      throw ValidationError("--device-channel carries no session, and goes with no \(other)")
    }
    if let pin {
      do {
        _ = try PinSet(pin)
      } catch {
        throw ValidationError("--\(error)")
      }
    }
    try left.validate(session: session.session, spool: spool)
    if tee, announce { throw ValidationError("--tee and --announce both need standard output") }
    if tee, control == .on { throw ValidationError("--tee and --control on both need standard output") }
  }

  func run() throws {
    ProcessMemory.keepPrivate()
    let diagnostics = Diagnostics(program: "ra-tunnel")
    let variable = Environment.take(CredentialBundle.variable)
    let chosen = ChosenCredential(
      try credential.source(hasVariable: variable != nil), variable: variable, passphrase: passphrase.source)
    let closed = Descriptors.fillStandard()
    Signals.ignoreBrokenPipes()
    Signals.ignoreFileSizeLimits()
    if check { throw ExitCode(runCheck(chosen, diagnostics)) }
    if deviceChannel, closed.contains(STDOUT_FILENO) || Descriptors.isNull(STDOUT_FILENO) {
      diagnostics.error("--device-channel: nobody reads standard output, and what the hub asks for would be lost")
      throw ExitCode(ExitStatus.usage)
    }
    let session = description(closed: closed)
    guard session.json.serialized().count <= SessionDescription.maximumSize else {
      diagnostics.error("title and labels: they are over \(SessionDescription.maximumSize) bytes")
      throw ExitCode(ExitStatus.usage)
    }
    if let events, fcntl(events, F_GETFD) < 0 {
      diagnostics.error("--events \(events): that descriptor is not open")
      throw ExitCode(ExitStatus.usage)
    }
    let status: Int32
    do {
      var polling = try PollSet(signals: [SIGINT, SIGTERM, SIGHUP, SIGQUIT])
      var paired = try chosen.read()
      paired.proxy = try Proxy.chosen(for: paired.hub, option: proxy, environment: Environment.all)
      status =
        deviceChannel
        ? try runDeviceChannel(paired, diagnostics, polling: &polling)
        : try runSessions(paired, session, chosen, diagnostics, polling: &polling)
    } catch let error as ClientError {
      diagnostics.error("\(error)", hint: hint(for: error, chosen.source))
      throw ExitCode(error.exitStatus)
    } catch let error as SpoolError {
      diagnostics.error("the spool: \(error)")
      throw ExitCode(ExitStatus.cannotCreate)
    }
    if status > 128 { Signals.die(of: status - 128) }
    throw ExitCode(status)
  }

  private func runSessions(
    _ paired: Credential, _ session: SessionDescription, _ chosen: ChosenCredential, _ diagnostics: Diagnostics,
    polling: inout PollSet
  ) throws -> Int32 {
    var options = TunnelOptions(session: session, tool: Version.tool("ra-tunnel"))
    options.text = text
    options.tee = tee
    options.announces = announce
    options.pins = pin.flatMap { try? PinSet($0) }
    options.flushTimeout = Milliseconds(spool.flushTimeout ?? 60) * 1000
    options.onFull = spool.onFull
    options.credentialOptions = chosen.source.options
    options.events = events
    // Without a spool no folder is needed, and none is looked for.
    let folder =
      spool.spool ? SpoolFolder(root: try SettingsFolder.currentSpools(), clientId: paired.clientId) : nil
    let run = TunnelRun(
      credential: paired, folder: folder, options: options, left: left, spool: spool, diagnostics: diagnostics)
    return try run.run(polling: &polling)
  }

  private func runCheck(_ chosen: ChosenCredential, _ diagnostics: Diagnostics) -> Int32 {
    let report = Check.run(
      .init(
        credential: chosen, proxy: proxy, pins: pin.flatMap { try? PinSet($0) }, tool: Version.tool("ra-tunnel")))
    print(json ? report.json.text : report.table)
    if fflush(nil) != 0, report.failure == nil {
      diagnostics.error("standard output: \(String(cString: strerror(errno)))")
      return ExitStatus.lost
    }
    if let failure = report.failure { diagnostics.error("\(failure)", hint: hint(for: failure, chosen.source)) }
    return report.exitStatus
  }

  private static let spoolHint =
    "REMOTE_AGENT_CLIENT_HOME names a folder that can be written to; --no-spool holds lines in memory only"

  private func hint(for error: ClientError, _ source: CredentialSource) -> String? {
    switch error {
    case .notPaired: "ask the hub's owner for a code (`ra-hub code`) and run `ra-pair --hub URL CODE`"
    case .configuration(source.place, _): source.hint
    case .cannotCreate(TunnelRun.spoolName, _): RATunnel.spoolHint
    case .configuration("HOME", _) where !source.isStore:
      deviceChannel ? "REMOTE_AGENT_CLIENT_HOME names a folder that can be written to" : RATunnel.spoolHint
    case .configuration(let path, _) where ChannelCursor.isFile(path):
      "without that file the device begins anew, and what the hub had asked for just before may be carried out twice"
    default: error.hint
    }
  }

  private func description(closed: Set<Int32>) -> SessionDescription {
    SessionDescription(
      sessionId: left.resume ?? session.session ?? SessionName.make(ts: WallClock.now, random: SecureRandom.bytes(10)),
      writer: Hex.encode(SecureRandom.bytes(16)), append: left.append,
      control: hasControlReader(closed: closed), title: session.title, host: Platform.host, cwd: Platform.workingFolder,
      labels: session.labels)
  }

  private func hasControlReader(closed: Set<Int32>) -> Bool {
    switch control {
    case .on: true
    case .off: false
    case .auto:
      !tee && !closed.contains(STDOUT_FILENO) && !Descriptors.isTerminal(STDOUT_FILENO)
        && !Descriptors.isNull(STDOUT_FILENO)
    }
  }
}
