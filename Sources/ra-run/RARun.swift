import ArgumentParser
import Glibc
import RemoteAgentCore
import RemoteAgentOptions
import RemoteAgentProcess

@main
struct RARun: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ra-run",
    abstract: "Runs an agent so that it can be watched and steered from the hub.",
    usage: "ra-run [OPTIONS] AGENT [-- ARGUMENTS]",
    discussion: "It joins ra-spawn and ra-tunnel, and shows the agent's output here; --dry-run prints how.",
    version: Version.string)

  enum Mode: String, ExpressibleByArgument, CaseIterable { case raw, session }
  enum Failing: String, EnumerableFlag { case strict, bestEffort }
  enum Input: String, ExpressibleByArgument, CaseIterable { case pass, null }

  @Argument(help: ArgumentHelp("The program to run.", valueName: "agent"))
  var agent: String

  @Argument(parsing: .postTerminator, help: ArgumentHelp("What it is given.", valueName: "arguments"))
  var arguments: [String] = []

  @Option(help: "raw: exactly as given; session: for many prompts.")
  var mode: Mode?

  @Option(help: "In raw mode, whether the agent reads our standard input.")
  var stdin: Input?

  @Option(help: ArgumentHelp("A prompt, or @FILE; before those of standard input.", valueName: "text"))
  var prompt: [String] = []

  @Flag(help: "Wait for the hub after the last prompt, or the agent's end.")
  var stay = false

  @Option(help: ArgumentHelp("The agent's working folder.", valueName: "folder"))
  var cwd: String?

  @Flag(inversion: .prefixedNo, help: "As in ra-spawn.")
  var redact = true

  @Option(help: ArgumentHelp("As in ra-spawn.", valueName: "regex"))
  var redactPattern: [String] = []

  @Option(help: ArgumentHelp("As in ra-spawn.", valueName: "name"))
  var redactEnv: [String] = []

  @Option(help: ArgumentHelp("What the hub shows the session as.", valueName: "text"))
  var title: String?

  @Option(help: ArgumentHelp("A label of the session.", valueName: "name=value"))
  var label: [String] = []

  @Option(help: ArgumentHelp("The session's name.", valueName: "id"))
  var session: String?

  @OptionGroup
  var credential: CredentialOptions

  @OptionGroup
  var passphrase: PassphraseOptions

  @Flag(help: "Show the lines that go to the hub, and not readable text.")
  var json = false

  @Option(help: ArgumentHelp("As in ra-tunnel.", valueName: "seconds"))
  var flushTimeout: Int?

  @Flag(help: "As in ra-tunnel.")
  var noSpool = false

  @Flag(help: "As in ra-tunnel.")
  var fsync = false

  @Option(help: ArgumentHelp("As in ra-tunnel.", valueName: "size"))
  var spoolLimit: String?

  @Option(help: ArgumentHelp("As in ra-tunnel.", valueName: "what"))
  var onFull: String?

  @Flag(help: "As in ra-tunnel.")
  var drainFirst = false

  @Option(help: ArgumentHelp("As in ra-tunnel.", valueName: "pin"))
  var pin: String?

  @Option(help: ArgumentHelp("As in ra-tunnel.", valueName: "url"))
  var proxy: String?

  @Flag(
    help: ArgumentHelp(
      "Whether a tunnel that fails ends the agent (the default), or the agent goes on and gives its status."))
  var tunnel = Failing.strict

  @Flag(help: "Print what would be run, for a shell, and do nothing.")
  var dryRun = false

  @OptionGroup var policy: PolicyOptions

  static func main() {
    let diagnostics = Diagnostics(program: "ra-run")
    ProcessMemory.keepPrivate(startsOthers: true)
    // The agent is not to have it: only the tunnel gets it.
    var variable = Environment.take(CredentialBundle.variable)
    _ = Descriptors.fillStandard()
    do {
      Glibc.exit(try RARun.parse().start(variable: &variable, diagnostics))
    } catch let error as PassphraseOptions.Failure {
      diagnostics.error("\(error)", hint: "give it: --passphrase-file FILE")
      Glibc.exit(ExitStatus.configuration)
    } catch let error as ProcessError {
      diagnostics.error("\(error)")
      Glibc.exit(ExitStatus.lost)
    } catch {
      guard RARun.exitCode(for: error) != .success else { RARun.exit(withError: error) }
      diagnostics.error(RARun.message(for: error), hint: "ra-run --help")
      Glibc.exit(ExitStatus.usage)
    }
  }

  func validate() throws {
    let isDescriptor = { (path: String?) in path.flatMap(RunPlan.descriptor) != nil }
    guard
      !dryRun
        || credential.credentialFd == nil && !isDescriptor(credential.credentialFile)
          && !isDescriptor(passphrase.passphraseFile)
    else {
      throw ValidationError("--dry-run prints a command to run later, and a descriptor is read now")
    }
    guard !dryRun || !passphrase.passphrase else {
      throw ValidationError("--dry-run prints a command to run later, and --passphrase asks now")
    }
  }

  private func start(variable: inout [UInt8]?, _ diagnostics: Diagnostics) throws -> Int32 {
    var plan = plan
    plan.spawnOptions += policy.choice.options
    do throws(PolicyChoice.Failure) {
      plan.isSteered = try !policy.choice.policy().allowsNothing
    } catch {
      diagnostics.error(error.message, hint: error.hint)
      return error.status
    }
    if dryRun {
      print(plan.shell)
      return ExitStatus.done
    }
    let source = try credential.source(hasVariable: variable != nil)
    do {
      if var bundle = try source.bundle(taking: &variable) {
        defer { explicit_bzero(&bundle, bundle.count) }
        plan.pass(try Descriptor.memory(holding: bundle)) { "--credential-fd=\($0)" }
      }
    } catch {
      diagnostics.error(error is ProcessError ? "\(error)" : "\(source.place): \(error)", hint: source.hint)
      return ExitStatus.configuration
    }
    guard let spawnPath = sibling("ra-spawn", diagnostics), let tunnelPath = sibling("ra-tunnel", diagnostics) else {
      return ExitStatus.notFound
    }
    try passphrase.ask(for: &plan)
    let ends = try RunLoop.run(plan, spawnPath: spawnPath, tunnelPath: tunnelPath)
    if ends.tunnel == .exited(code: 0), ends.spawn == .killed(signal: SIGPIPE) { Signals.dieOfBrokenPipe() }
    return RunStatus.of(spawn: ends.spawn, tunnel: ends.tunnel, brokenPipe: SIGPIPE, bestEffort: tunnel == .bestEffort)
  }

  private func sibling(_ name: String, _ diagnostics: Diagnostics) -> String? {
    switch Executable.sibling(name) {
    case .found(let path): return path
    case .notFound, .notExecutable:
      diagnostics.error("starting \(name): not found beside ra-run, nor in PATH")
      return nil
    }
  }

  private var plan: RunPlan {
    var plan = RunPlan(agent: agent, arguments: arguments)
    plan.showsLines = json
    plan.spawnOptions += option("--mode", mode?.rawValue) + option("--stdin", stdin?.rawValue)
    plan.spawnOptions += prompt.flatMap { option("--prompt", $0) } + option("--cwd", cwd)
    plan.spawnOptions += flag("--no-redact", !redact) + redactPattern.flatMap { option("--redact-pattern", $0) }
    plan.spawnOptions += redactEnv.flatMap { option("--redact-env", $0) }
    if stay { plan.spawnOptions.append("--stay") }
    if tunnel == .bestEffort { plan.spawnOptions += ["--on-broken-pipe", "continue"] }
    plan.tunnelOptions += option("--title", title) + label.flatMap { option("--label", $0) }
    plan.tunnelOptions += option("--session", session)
    plan.tunnelOptions += option("--credential", credential.credential)
    plan.nameFile(credential.credentialFile, by: "--credential-file")
    passphrase.nameFile(in: &plan)
    plan.tunnelOptions += option("--flush-timeout", flushTimeout.map(String.init)) + flag("--no-spool", noSpool)
    plan.tunnelOptions += flag("--fsync", fsync) + option("--spool-limit", spoolLimit) + option("--on-full", onFull)
    plan.tunnelOptions += flag("--drain-first", drainFirst) + option("--pin", pin) + option("--proxy", proxy)
    return plan
  }

  private func flag(_ name: String, _ isSet: Bool) -> [String] { isSet ? [name] : [] }

  /// In one word, so that a value may begin with a dash.
  private func option(_ name: String, _ value: String?) -> [String] { value.map { ["\(name)=\($0)"] } ?? [] }
}
