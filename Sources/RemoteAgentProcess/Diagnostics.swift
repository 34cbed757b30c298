import RemoteAgentCore
import SystemPackage

/// Writes a program's messages to standard error: one line each, `ra-tunnel: error: what was tried: why`, then `hint:` lines.
///
/// Never pass a secret. What a peer sent can't steer a terminal (`TerminalText`), nor begin a line of its own.
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

  /// Shows lines of our own making as they are, colours too.
  package func show(_ lines: [String]) {
    _ = try? FileDescriptor.standardError.writeAll(lines.map { $0 + "\n" }.joined().utf8)
  }

  private func write(_ line: String) {
    // Whether anybody reads the messages changes nothing of the work.
    _ = try? FileDescriptor.standardError.writeAll("\(TerminalText.field(line))\n".utf8)
  }
}
