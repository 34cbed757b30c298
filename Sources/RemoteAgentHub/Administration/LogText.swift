import Glibc
import RemoteAgentCore

/// A session's envelopes as a person reads them:
///
///     12:03:04   a line of standard output, or of a terminal
///     12:03:04 ! a line of standard error
///     12:03:04 > a line of standard input
///     12:03:04 -- running pid 12
///
/// The pieces of a long line, and the chunks of a terminal, are joined. Nothing that an agent says begins a line of its own
/// without time and mark.
package struct LogText {
  /// Whether it goes to a terminal: then nothing of an agent's can steer that one.
  private let isTerminal: Bool
  /// The stream whose line has not ended yet.
  private var open: LogStream?

  package init(isTerminal: Bool) {
    self.isTerminal = isTerminal
  }

  /// Appends what an envelope's line says.
  package mutating func append(_ envelope: [UInt8], to output: inout [UInt8]) {
    envelope.withUnsafeBytes { line in
      guard let scanned = try? Envelope(scanning: line) else {
        appendEvent(Array(line), ts: nil, to: &output)
        return
      }
      let payload = UnsafeRawBufferPointer(rebasing: line[scanned.payload])
      if scanned.type == .log, let record = LogRecord(payload: payload) {
        append(record, ts: scanned.ts, to: &output)
      } else {
        appendEvent(Self.summary(payload), ts: scanned.ts, to: &output)
      }
    }
  }

  /// Ends a line that was left open; for the end of the log.
  package mutating func finish(to output: inout [UInt8]) {
    guard open != nil else { return }
    open = nil
    output.append(UInt8(ascii: "\n"))
  }

  private mutating func append(_ record: LogRecord, ts: Int64?, to output: inout [UInt8]) {
    let lines = record.content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let endsHere = index < lines.count - 1 || record.isTerminated
      if line.isEmpty, !endsHere { return }
      if open != record.stream {
        finish(to: &output)
        output.append(contentsOf: Self.time(ts).utf8)
        output.append(contentsOf: Self.mark(record.stream).utf8)
      }
      open = record.stream
      // A terminal's lines end with CR LF.
      let text = record.stream == .pty && endsHere && line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      if isTerminal { TerminalText.append(text, to: &output) } else { output.append(contentsOf: text) }
      if endsHere { finish(to: &output) }
    }
  }

  private mutating func appendEvent(_ text: [UInt8], ts: Int64?, to output: inout [UInt8]) {
    finish(to: &output)
    output.append(contentsOf: Self.time(ts).utf8)
    output.append(contentsOf: " -- ".utf8)
    TerminalText.append(text, to: &output)
    output.append(UInt8(ascii: "\n"))
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

  /// - Parameter milliseconds: Unix milliseconds; nil if the device told none.
  private static func time(_ milliseconds: Int64?) -> String {
    guard let milliseconds else { return "--:--:--" }
    var seconds = time_t(milliseconds / 1000)
    var parts = tm()
    localtime_r(&seconds, &parts)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
  }
}
