extension CommandLine {
  /// What helps whoever wrote a command line that is wrong.
  ///
  /// - Parameter message: what ArgumentParser says of it.
  package static func hint(_ message: String, program: String) -> String {
    if message.hasPrefix("--redact-pattern ") { return "ra-spawn(1) tells what a pattern may have" }
    let isMisplaced = message.contains("Unknown option") || message.contains("nexpected argument")
    return isMisplaced
      ? "a prompt is given by --prompt TEXT; what is the agent's own stands after --" : "\(program) --help"
  }
}
