import RemoteAgentProcess
import Testing

/// What each program prints by itself: help, lists, and what is wrong with its command line.
struct PrintingTests {
  @Test(arguments: [
    "ra-pair --help", "ra-spawn --list", "ra-spawn --show-policy", "ra-tunnel --version", "ra-run --dry-run sh",
    "ra-hub --help",
  ])
  func `what can't be printed is no success`(command: String) throws {
    let program = command.prefix { $0 != " " }
    let world = try World()
    for (output, reason) in [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")] {
      let result = try world.run("bash", ["-c", "\(command) \(output)"])
      #expect(result.status == ExitStatus.lost)
      #expect(result.errors == "\(program): error: standard output: \(reason)\n")
    }
  }

  @Test(arguments: [
    ("ra-pair", ["--hub", "https://hub.test", "--bogus"], "Unknown option '--bogus'", "ra-pair --help"),
    ("ra-tunnel", ["--bogus"], "Unknown option '--bogus'", "ra-tunnel --help"),
    (
      "ra-run", ["--prompt", "-x", "claude"], "Missing value for '--prompt <text>'",
      "a value that begins with a dash is given in one word: --prompt=VALUE"
    ),
    (
      "ra-spawn", ["--bogus", "sh"], "Unknown option '--bogus'",
      "a prompt is given by --prompt TEXT; what is the agent's own stands after --"
    ),
  ])
  func `a wrong command line is told in the form of all messages`(
    program: String, arguments: [String], message: String, hint: String
  ) throws {
    let result = try World().run(program, arguments)
    #expect(result.status == ExitStatus.usage && result.output == [])
    #expect(result.errors == "\(program): error: \(message)\n\(program): hint: \(hint)\n")
  }
}
