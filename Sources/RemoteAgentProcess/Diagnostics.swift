import SystemPackage

/// Writes a program's messages to standard error: one line each, `ra-tunnel: error: what was tried: why`, then `hint:` lines.
///
/// Never pass a secret. Control characters are shown as `\u{…}`, so that what a peer sent can't steer a terminal.
package struct Diagnostics: Sendable {
  package let program: String

  package init(program: String) {
    self.program = program
  }

  package func error(_ message: String, hint: String? = nil) {
    write("\(program): error: \(message)")
    if let hint { write("\(program): hint: \(hint)") }
  }

  package func warning(_ message: String) {
    write("\(program): warning: \(message)")
  }

  package func note(_ message: String) {
    write("\(program): \(message)")
  }

  /// Asks for something at the terminal: no line end follows.
  package func ask(_ prompt: String) {
    _ = try? FileDescriptor.standardError.writeAll(prompt.utf8)
  }

  private func write(_ line: String) {
    var safe = ""
    for scalar in line.unicodeScalars {
      if scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format {
        safe += scalar.escaped(asASCII: true)
      } else {
        safe.unicodeScalars.append(scalar)
      }
    }
    safe += "\n"
    // Whether anybody reads the messages changes nothing of the work.
    _ = try? FileDescriptor.standardError.writeAll(safe.utf8)
  }
}
