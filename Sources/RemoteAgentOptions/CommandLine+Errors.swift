package import ArgumentParser
import Glibc
package import RemoteAgentProcess

extension CommandLine {
  /// Runs a program that is one command: what is wrong with its command line is told as all its messages are.
  package static func run<Command: ParsableCommand>(_: Command.Type) -> Never {
    let diagnostics = Diagnostics(program: Command._commandName)
    StandardOutput.checkAtExit(program: diagnostics.program)
    do {
      var command = try Command.parseAsRoot()
      try command.run()
    } catch {
      exit(Command.self, with: error, diagnostics)
    }
    Glibc.exit(ExitStatus.done)
  }

  /// Ends the program by what the parser threw, or what a command did: help and version are none of errors, and an `ExitCode`
  /// has been explained.
  ///
  /// - Parameter help: the command that tells more.
  package static func exit<Command: ParsableCommand>(
    _: Command.Type, with error: any Error, _ diagnostics: Diagnostics, help: String? = nil
  ) -> Never {
    let code = Command.exitCode(for: error)
    guard code != .success, !(error is ExitCode) else { Command.exit(withError: error) }
    guard code == .validationFailure else {
      diagnostics.error("\(error)")
      Glibc.exit(ExitStatus.lost)
    }
    let message = Command.message(for: error)
    let program = diagnostics.program
    diagnostics.error(message, hint: hint(message, program: program, help: help ?? "\(program) --help"))
    Glibc.exit(ExitStatus.usage)
  }

  /// What helps whoever wrote a command line that is wrong.
  ///
  /// - Parameter message: what ArgumentParser says of it.
  private static func hint(_ message: String, program: String, help: String) -> String {
    if message.hasPrefix("--redact-pattern ") { return "ra-spawn(1) tells what a pattern may have" }
    let missing = "Missing value for '"
    if message.hasPrefix(missing) {
      let option = message.dropFirst(missing.count).prefix { $0 != " " && $0 != "'" }
      return "a value that begins with a dash is given in one word: \(option)=VALUE"
    }
    let isMisplaced = message.contains("Unknown option") || message.contains("nexpected argument")
    return isMisplaced && ["ra-run", "ra-spawn"].contains(program)
      ? "a prompt is given by --prompt TEXT; what is the agent's own stands after --" : help
  }
}
