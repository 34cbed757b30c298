import ArgumentParser
import RemoteAgentClient
import RemoteAgentCore
import RemoteAgentProcess

extension SpooledSession.OnFull: ExpressibleByArgument {}
extension ByteSize: ExpressibleByArgument {}

/// What ra-tunnel does with what it takes in until the hub has it, and with what earlier runs left.
struct SpoolOptions: ParsableArguments {
  static let defaults = (limit: ByteSize(bytes: 1 << 30), onFull: SpooledSession.OnFull.block)

  @Option(
    help: ArgumentHelp(
      "Go on with a session that an earlier run left; with the same file as input, where it stopped.", valueName: "id"))
  var resume: String?

  @Flag(help: "Deliver what earlier runs left, and read no input.")
  var drain = false

  @Flag(help: "Deliver what earlier runs left, then go on as usual.")
  var drainFirst = false

  @Flag(help: "Add to the session of that name, also if it has ended or is another machine's writer's.")
  var append = false

  @Flag(inversion: .prefixedNo, help: "Keep what is taken in on the disk until the hub has it.")
  var spool = true

  @Flag(help: "Flush the spool to the disk before a line is sent, so that it survives a loss of power.")
  var fsync = false

  @Option(help: ArgumentHelp("Bytes that the spool may take; K, M and G are powers of 1024.", valueName: "size"))
  var spoolLimit = defaults.limit

  @Option(help: ArgumentHelp("When the spool is full: block, drop-oldest or fail.", valueName: "what"))
  var onFull = defaults.onFull

  var options: Spool.Options {
    var options = Spool.Options()
    options.limit = spoolLimit.bytes
    options.syncs = fsync
    return options
  }

  func validate(session: String?) throws {
    if let resume, !SessionDescription.isValidId(resume) {
      throw ValidationError("--resume must match [A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
    }
    if resume != nil, session != nil { throw ValidationError("--resume names the session; leave out --session") }
    if append, session == nil { throw ValidationError("--append needs --session") }
    if drain, resume != nil || append || drainFirst || session != nil {
      throw ValidationError(
        "--drain delivers all that is left; it goes with no --resume, --append, --drain-first or --session")
    }
    if !spool, resume != nil || drain || drainFirst || fsync || onFull != .block {
      throw ValidationError("--no-spool goes with no option of the spool")
    }
    guard spoolLimit.bytes >= Spool.leastLimit else { throw ValidationError("--spool-limit is 1M at least") }
  }
}
