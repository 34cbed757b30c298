import ArgumentParser
import Glibc
import RemoteAgentCore
import RemoteAgentOptions
import RemoteAgentProcess

@main
struct RASpawn: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ra-spawn",
    abstract: "Runs an agent, or any program, and writes what it does as lines of JSON.",
    usage: "ra-spawn [OPTIONS] AGENT [-- ARGUMENTS]\nra-spawn --list [--json]",
    discussion: "Standard output is for ra-tunnel: ra-spawn claude -- -p \"fix it\" | ra-tunnel",
    version: Version.string)

  enum Mode: String, ExpressibleByArgument, CaseIterable { case raw, session }
  enum Input: String, ExpressibleByArgument, CaseIterable { case pass, null, control }
  enum BrokenPipe: String, ExpressibleByArgument, CaseIterable { case stop, `continue` }
  enum EchoFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

  @Argument(help: ArgumentHelp("The program to run.", valueName: "agent"))
  var agent = ""

  @Argument(parsing: .postTerminator, help: ArgumentHelp("What it is given.", valueName: "arguments"))
  var arguments: [String] = []

  @Option(help: "raw: exactly as given; session: for many prompts.")
  var mode: Mode?

  @Option(help: "What the agent reads in raw mode: our standard input, nothing, or what control has for it.")
  var stdin: Input?

  @Option(help: ArgumentHelp("A prompt, or @FILE; before those of standard input.", valueName: "text"))
  var prompt: [String] = []

  @Option(help: ArgumentHelp("Where control lines are read: a file, a FIFO, or a descriptor.", valueName: "path|fd"))
  var control: String?

  @Flag(help: "Wait for control after the last prompt, or the agent's end.")
  var stay = false

  @Option(
    help: ArgumentHelp("Copy the agent's output here to be read; its errors to the second.", valueName: "fd[,fd]"))
  var echo: String?

  @Option(help: "How --echo writes: text for people, or the same lines as standard output.")
  var echoFormat = EchoFormat.text

  @Option(help: ArgumentHelp("The agent's working folder.", valueName: "folder"))
  var cwd: String?

  @Option(help: "Whether the agent is stopped when nobody reads our output any more.")
  var onBrokenPipe = BrokenPipe.stop

  @OptionGroup var running: AgentOptions

  @Flag(help: "Print which agents are known, which of them are here, and what each can do; run nothing else.")
  var list = false

  @OptionGroup var redaction: RedactionOptions

  @OptionGroup var policy: PolicyOptions

  @Flag(help: "Print what the hub may do, and run nothing.")
  var showPolicy = false

  @Flag(help: "Print that, or the list, as JSON.")
  var json = false

  func validate() throws {
    guard !list || agent.isEmpty && !showPolicy else {
      throw ValidationError("--list takes no agent, and not --show-policy")
    }
    guard !json || showPolicy || list else {
      throw ValidationError("--json is for --show-policy and --list")
    }
    guard !agent.isEmpty || showPolicy || list else {
      throw ValidationError("Missing expected argument '<agent>'")
    }
  }

  static func main() {
    let diagnostics = Diagnostics(program: "ra-spawn")
    StandardOutput.checkAtExit(program: diagnostics.program)
    // In a pipeline it is meant for ra-tunnel.
    let credential = Environment.take(CredentialBundle.variable)
    _ = Descriptors.fillStandard()
    do {
      let options = try RASpawn.parse()
      try options.start(credential: credential, diagnostics)
    } catch let failure as Failure {
      diagnostics.error(failure.message, hint: failure.hint)
      Glibc.exit(failure.status)
    } catch let error as ProcessError {
      diagnostics.error("\(error)")
      Glibc.exit(ExitStatus.lost)
    } catch {
      CommandLine.exit(RASpawn.self, with: error, diagnostics)
    }
  }

  /// - Parameter credential: what `RA_CREDENTIAL` had: the agent doesn't get it, but it may find it elsewhere.
  private func start(credential: [UInt8]?, _ diagnostics: Diagnostics) throws {
    if showPolicy {
      let policy = try allowed()
      print(json ? policy.json.text + "\n" : policy.text, terminator: "")
      return
    }
    if list {
      let listing = try RASpawn.listing()
      print(json ? listing.json.text + "\n" : listing.text, terminator: "")
      return
    }
    var settings = try settings()
    if settings.mode == .raw { settings.input = try rawInput(settings, diagnostics) }
    noteUnreadInput(settings, diagnostics)
    let rules = try redaction.rules(credential: credential, diagnostics)
    let descriptors = try descriptors()
    let own = settings
    let loop = SpawnLoop(settings, rules: rules, descriptors: descriptors, diagnostics: diagnostics) {
      settings, launch in
      let name = settings.agent
      let isOwnFolder = settings.folder.utf8.elementsEqual(own.folder.utf8)
      // Where we are needs no entering: it may have been removed.
      let folder = isOwnFolder && cwd == nil ? nil : settings.folder
      // What is relative, in PATH too, is the owner's, and never looked up in a folder that a hub named.
      let profile = settings.profile ?? AgentProfile(name: name, program: name)
      let finding =
        isOwnFolder
        ? Executable.find(profile, folder: folder) : Executable.find(profile, folder: own.folder, isForAnywhere: true)
      return switch finding {
      case .found(let path):
        .success(AgentCommand(path: path, arguments: [profile.program] + launch.arguments, folder: folder))
      case .notFound: .failure(StartFailure(.notFound, "starting \(name): not found"))
      case .notExecutable(let path): .failure(StartFailure(.notExecutable, "starting \(path): not executable"))
      }
    }
    switch try loop.run() {
    case .exit(let status): Glibc.exit(status)
    case .brokenPipe: Signals.dieOfBrokenPipe()
    }
  }
}

/// A reason not to begin, for the person.
struct Failure: Error {
  let message: String
  var hint: String?
  var status = ExitStatus.usage
}
