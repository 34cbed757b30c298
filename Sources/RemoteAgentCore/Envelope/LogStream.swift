/// The stream of an agent that a log line came from.
package enum LogStream: String, Sendable, CaseIterable {
  case stdout, stderr, stdin, pty
}
