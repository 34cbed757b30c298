import ArgumentParser
import RemoteAgentCore
import RemoteAgentHub
import RemoteAgentProcess

struct Logs: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print what a session said.",
    discussion: """
      By default as text, a line each with its time: `!` stands before lines of standard error, `>` before standard \
      input, `--` before what happened to the agent. What claude, codex and gemini print as JSON is shown as text, as ra-run shows \
      it; other programs' JSON as it is.
      """)

  @OptionGroup var folder: HubFolder

  @Flag(help: "Go on as more comes, until the session has ended.")
  var follow = false

  @Option(
    help: ArgumentHelp(
      "Print exactly the bytes of one stream: stdout, stderr, stdin or pty. A terminal gets them made harmless.",
      valueName: "stream"))
  var raw: LogStream?

  @Flag(help: "Print the stored envelopes as a JSON array; with --follow one a line, as they come.")
  var json = false

  @Argument(help: ArgumentHelp("The session, or `latest`.", valueName: "id"))
  var id: String

  func validate() throws {
    guard raw == nil || !json else { throw ValidationError("--raw and --json exclude each other") }
  }

  func run() throws {
    let reply = try folder.ask(.logs(id: id, after: 0, follow: follow))
    var output = Output()
    var isEmpty = true
    var printer = LogPrinter(form: form, isTerminal: output.isTerminal)
    do {
      while let envelope = try reply.next() {
        isEmpty = false
        printer.append(envelope, to: &output.bytes)
        // Nothing is held back for a larger piece when the hub has no more at the moment.
        if output.bytes.count >= 64 << 10 || !reply.hasMore { try output.flush() }
      }
    } catch let error as AdministrationError {
      // What came is good, but it is not whole: an array is left open.
      try output.flush()
      throw failure(error)
    }
    printer.finish(to: &output.bytes)
    try output.flush()
    if isEmpty { try tellStart() }
  }

  /// Why there is nothing, if its agent never began.
  private func tellStart() throws {
    let reply = try folder.ask(.controls(id: id))
    do {
      guard let start = try reply.items().first(where: { $0["seq"] == 0 }), let result = start["result"]?.string,
        ["refused", "expired", "unknown"].contains(result)
      else { return }
      let reason = start["reason"]?.string.map { ": \($0)" } ?? ""
      Diagnostics(program: "ra-hub").note("its agent was not started: \(result)\(reason)")
    } catch {
      throw failure(error)
    }
  }

  private var form: LogPrinter.Form {
    if let raw { return .raw(raw) }
    guard json else { return .text }
    return follow ? .lines : .array
  }
}

extension LogStream: ExpressibleByArgument {}
