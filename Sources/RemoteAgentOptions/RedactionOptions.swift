package import ArgumentParser
package import RemoteAgentCore

/// What is hidden before anything leaves the machine, for who has an agent started: in the words of ra-spawn.
package struct RedactionOptions: ParsableArguments {
  @Flag(inversion: .prefixedNo, help: "Hide tokens, private keys and secrets of the environment.")
  package var redact = true

  @Option(help: ArgumentHelp("Hide what a pattern matches, too.", valueName: "regex"))
  package var redactPattern: [String] = []

  @Option(help: ArgumentHelp("Hide the value of this variable, too.", valueName: "name"))
  package var redactEnv: [String] = []

  package init() {}

  package func validate() throws {
    guard redact || redactPattern.isEmpty && redactEnv.isEmpty else {
      throw ValidationError("--no-redact hides nothing, also not what --redact-pattern and --redact-env say")
    }
    _ = try patterns()
  }

  /// What `--redact-pattern` gave; throws a `ValidationError` that says which is none, and where.
  package func patterns() throws -> [RedactionPattern] {
    try redactPattern.map { text in
      do throws(PatternError) {
        return try RedactionPattern(text)
      } catch {
        throw ValidationError("--redact-pattern \(text): at character \(error.character): \(error.reason)")
      }
    }
  }

  /// The same as options of a command line.
  package var options: [String] {
    (redact ? [] : ["--no-redact"]) + redactPattern.flatMap { words("--redact-pattern", $0) }
      + redactEnv.flatMap { words("--redact-env", $0) }
  }
}
