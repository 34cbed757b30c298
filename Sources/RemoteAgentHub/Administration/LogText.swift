import Glibc
import RemoteAgentCore

/// A session's envelopes as a person reads them, one line each:
///
///     12:03:04   a line of standard output, or of a terminal
///     12:03:04 ! a line of standard error
///     12:03:04 > a line of standard input
///     12:03:04 -- running pid 12
package struct LogText: Sendable {
  /// Whether it goes to a terminal: then nothing of an agent's can steer that one.
  private let isTerminal: Bool

  package init(isTerminal: Bool) {
    self.isTerminal = isTerminal
  }

  /// Appends an envelope's line; one that is not understood is appended as it is.
  package func append(_ envelope: [UInt8], to output: inout [UInt8]) {
    envelope.withUnsafeBytes { line in
      guard let scanned = try? Envelope(scanning: line) else {
        append(text: line, to: &output)
        output.append(UInt8(ascii: "\n"))
        return
      }
      let payload = UnsafeRawBufferPointer(rebasing: line[scanned.payload])
      output.append(contentsOf: Self.time(scanned.ts ?? 0).utf8)
      if scanned.type == .log, let record = LogRecord(payload: payload) {
        output.append(contentsOf: Self.mark(record.stream).utf8)
        append(text: record.content, to: &output)
      } else {
        output.append(contentsOf: " -- ".utf8)
        append(text: Self.summary(payload), to: &output)
      }
      output.append(UInt8(ascii: "\n"))
    }
  }

  private func append(text: some Collection<UInt8>, to output: inout [UInt8]) {
    if isTerminal {
      TerminalText.append(text, to: &output)
    } else {
      output.append(contentsOf: text)
    }
  }

  private static func mark(_ stream: LogStream) -> String {
    switch stream {
    case .stdout, .pty: "   "
    case .stderr: " ! "
    case .stdin: " > "
    }
  }

  /// A status payload in words: its state, then its other members.
  private static func summary(_ payload: UnsafeRawBufferPointer) -> [UInt8] {
    guard let members = (try? JSON(parsing: payload))?.members else { return Array(payload) }
    var words: [String] = members.filter { $0.name == "state" }.map { $0.value.string ?? $0.value.text }
    for member in members where member.name != "state" && member.value != .null {
      words += [member.name, member.value.string ?? member.value.text]
    }
    return Array(words.joined(separator: " ").utf8)
  }

  private static func time(_ milliseconds: Int64) -> String {
    var seconds = time_t(milliseconds / 1000)
    var parts = tm()
    localtime_r(&seconds, &parts)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
  }
}
