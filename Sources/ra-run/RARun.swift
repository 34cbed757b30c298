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
    usage: """
      ra-run [OPTIONS] AGENT [-- ARGUMENTS]
      ra-run --on-demand [OPTIONS] [AGENT...]
      """,
    discussion: "It joins ra-spawn and ra-tunnel, and shows the agent's output here; --dry-run prints how.",
    version: Version.string)

  enum Mode: String, ExpressibleByArgument, CaseIterable { case raw, session }
  enum Failing: String, EnumerableFlag { case strict, bestEffort }
  enum Input: String, ExpressibleByArgument, CaseIterable { case pass, null, control }

  /// How many sessions run at a time if nobody says.
  static let usualSessions = 4
  private static let mostSessions = 256

  @Argument(
    help: ArgumentHelp(
      "The program to run, and after -- what it is given; with --on-demand those that may be.", valueName: "agent"))
  var agents: [String] = []

  @Flag(help: "Wait for the hub to start agents, each in a session of its own.")
  var onDemand = false

  @Option(help: ArgumentHelp("With --on-demand: sessions at a time; 4 by default.", valueName: "count"))
  var maxSessions: Int?

  @Option(help: "raw: exactly as given; session: for many prompts.")
  var mode: Mode?

  @Option(help: "In raw mode, whether the agent reads our standard input, nothing, or what the hub sends.")
  var stdin: Input?

  @Option(help: ArgumentHelp("A prompt, or @FILE; before those of standard input.", valueName: "text"))
  var prompt: [String] = []

  @Flag(help: "Wait for the hub after the last prompt, or the agent's end.")
  var stay = false

  @Option(help: ArgumentHelp("The agent's working folder.", valueName: "folder"))
  var cwd: String?

  @OptionGroup var agent: AgentOptions

  @OptionGroup var redaction: RedactionOptions

  @OptionGroup var session: SessionOptions

  @OptionGroup var spool: SpoolOptions

  @OptionGroup var way: WayOptions

  @OptionGroup var credential: CredentialOptions

  @OptionGroup var passphrase: PassphraseOptions

  @Flag(help: "Show the lines that go to the hub, and not readable text.")
  var json = false

  @Flag(
    help: ArgumentHelp(
      "Whether a tunnel that fails ends the agent (the default), or the agent goes on and gives its status."))
  var failing = Failing.strict

  @Flag(help: "Print what would be run, for a shell, and do nothing.")
  var dryRun = false

  @OptionGroup var policy: PolicyOptions

  static func main() {
    let diagnostics = Diagnostics(program: "ra-run")
    StandardOutput.checkAtExit(program: diagnostics.program)
    ProcessMemory.keepPrivate(startsOthers: true)
    // The agent is not to have it: only the tunnel gets it.
    var variable = Environment.take(CredentialBundle.variable)
    _ = Descriptors.fillStandard()
    do {
      // Of the parser's arguments none could stand behind a list.
      let words = CommandLine.arguments.dropFirst()
      let end = words.firstIndex(of: "--") ?? words.endIndex
      let arguments = Array(words[end...].dropFirst())
      let options = try RARun.parse(Array(words[..<end]))
      guard !options.onDemand || arguments.isEmpty else {
        throw ValidationError("--on-demand takes no arguments for agents; --allow arguments lets the hub give them")
      }
      Glibc.exit(
        try options.onDemand
          ? options.runOnDemand(variable: &variable, diagnostics)
          : options.run(arguments, variable: &variable, diagnostics))
    } catch let error as PassphraseOptions.Failure {
      diagnostics.error("\(error)", hint: "give it: --passphrase-file FILE")
      Glibc.exit(ExitStatus.configuration)
    } catch let error as ProcessError {
      diagnostics.error("\(error)")
      Glibc.exit(ExitStatus.lost)
    } catch {
      CommandLine.exit(RARun.self, with: error, diagnostics)
    }
  }

  func validate() throws {
    if onDemand {
      try checkOnDemand()
    } else {
      guard !agents.isEmpty else { throw ValidationError("Missing expected argument '<agent>'") }
      guard agents.count == 1 else {
        throw ValidationError("Unexpected argument '\(agents[1])': an agent's arguments stand after --")
      }
      guard maxSessions == nil else { throw ValidationError("--max-sessions goes with --on-demand") }
    }
    guard (1...RARun.mostSessions).contains(maxSessions ?? 1) else {
      throw ValidationError("--max-sessions is from 1 to \(RARun.mostSessions)")
    }
    let prompts = prompt.count { RunPlan.descriptor(ofPrompt: $0) != nil }
    guard prompts <= RunPlan.mostPassedToSpawn else {
      throw ValidationError("--prompt: no more than \(RunPlan.mostPassedToSpawn) are read from descriptors")
    }
    let isDescriptor = { (path: String?) in path.flatMap(RunPlan.descriptor(named:)) != nil }
    guard
      !dryRun
        || credential.credentialFd == nil && !isDescriptor(credential.credentialFile)
          && !isDescriptor(passphrase.passphraseFile) && prompts == 0
    else {
      throw ValidationError("--dry-run prints a command to run later, and a descriptor is read now")
    }
    guard !dryRun || !passphrase.passphrase else {
      throw ValidationError("--dry-run prints a command to run later, and --passphrase asks now")
    }
  }
}
