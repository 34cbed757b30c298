import ArgumentParser
import RemoteAgentCore
import RemoteAgentOptions

/// What ra-tunnel does with sessions that earlier runs left.
struct LeftOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Go on with a session that an earlier run left; with the same file as input, where it stopped.", valueName: "id"))
  var resume: String?

  @Flag(help: "Deliver what earlier runs left, and read no input.")
  var drain = false

  @Flag(help: "Add to the session of that name, also if it has ended or is another machine's writer's.")
  var append = false

  func validate(session: String?, spool: SpoolOptions) throws {
    if let resume, !SessionDescription.isValidId(resume) {
      throw ValidationError("--resume must match [A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
    }
    if resume != nil, session != nil { throw ValidationError("--resume names the session; leave out --session") }
    if append, session == nil { throw ValidationError("--append needs --session") }
    if drain, resume != nil || append || spool.drainFirst || session != nil {
      throw ValidationError(
        "--drain delivers all that is left; it goes with no --resume, --append, --drain-first or --session")
    }
    if !spool.spool, resume != nil || drain { throw SpoolOptions.noSpool }
  }
}
