import Glibc
import RemoteAgentCore

/// A session's envelopes as a person reads them:
///
///     12:03:04   a line of standard output, or of a terminal
///     12:03:04 ! a line of standard error
///     12:03:04 > a line of standard input
///     12:03:04 -- running as process 12
///
/// An agent's events on standard output, or what was piped into ra-tunnel, are shown as text (`EventReader`). The pieces of a
/// long line, and the chunks of a terminal, are joined. Nothing that an agent says begins a line of its own without time and
/// mark.
package struct LogText {
  /// Whether it goes to a terminal: then nothing of an agent's can steer that one.
  private let isTerminal: Bool
  /// The stream whose line has been shown up to here and has not ended.
  private var open: LogStream?
  /// The events of the streams that may have some.
  private var readers: [LogStream: EventReader] = [.stdout: EventReader(), .stdin: EventReader()]
  /// The streams whose last piece did not end its line.
  private var unfinished: Set<LogStream> = []
  private var lastTime: Int64?

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
      lastTime = scanned.ts
      let payload = UnsafeRawBufferPointer(rebasing: line[scanned.payload])
      if scanned.type == .log, let record = LogRecord(payload: payload) {
        append(record, ts: scanned.ts, to: &output)
      } else {
        appendStatus(payload, ts: scanned.ts, to: &output)
      }
    }
  }

  /// Ends a line that was left open; for the end of the log.
  package mutating func finish(to output: inout [UInt8]) {
    finishStreams(ts: lastTime, to: &output)
    endLine(to: &output)
  }

  // MARK: - Lines

  private mutating func append(_ record: LogRecord, ts: Int64?, to output: inout [UInt8]) {
    let stream = record.stream
    let place = LinePiece(
      startsLine: !unfinished.contains(stream), endsLine: record.isTerminated, terminated: record.isTerminated)
    if record.isTerminated { unfinished.remove(stream) } else { unfinished.insert(stream) }
    guard let reading = record.content.withUnsafeBytes({ readers[stream]?.read($0, place) }) else {
      appendPlain(record.content, stream, endsLine: record.isTerminated, ts: ts, to: &output)
      return
    }
    append(reading, and: record.content, stream, endsLine: record.isTerminated, ts: ts, to: &output)
  }

  private mutating func append(
    _ reading: EventReader.Reading, and content: [UInt8], _ stream: LogStream, endsLine: Bool, ts: Int64?,
    to output: inout [UInt8]
  ) {
    switch reading {
    case .held: break
    case .event(let text):
      // Another stream's line may be open; this one's is not.
      endLine(to: &output)
      for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast() {
        begin(stream, ts: ts, to: &output)
        TerminalText.append(line, to: &output)
        endLine(to: &output)
      }
    case .tooLong(let count):
      appendPlain(Array("[a line of \(count) bytes]".utf8), stream, endsLine: true, ts: ts, to: &output)
    case .plain(let held):
      appendPlain(held.isEmpty ? content : held + content, stream, endsLine: endsLine, ts: ts, to: &output)
    }
  }

  private mutating func appendPlain(
    _ content: [UInt8], _ stream: LogStream, endsLine: Bool, ts: Int64?, to output: inout [UInt8]
  ) {
    let lines = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let endsHere = index < lines.count - 1 || endsLine
      if line.isEmpty, !endsHere { return }
      begin(stream, ts: ts, to: &output)
      // A terminal's lines end with CR LF.
      let text = stream == .pty && endsHere && line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      if isTerminal { TerminalText.append(text, to: &output) } else { output.append(contentsOf: text) }
      if endsHere { endLine(to: &output) }
    }
  }

  /// The streams have ended: what was held of their last lines is shown.
  private mutating func finishStreams(ts: Int64?, to output: inout [UInt8]) {
    for stream in [LogStream.stdout, .stdin] {
      for reading in readers[stream]?.finish() ?? [] {
        append(reading, and: [], stream, endsLine: true, ts: ts, to: &output)
      }
    }
    unfinished.removeAll()
  }

  // MARK: - What happened

  private mutating func appendStatus(_ payload: UnsafeRawBufferPointer, ts: Int64?, to output: inout [UInt8]) {
    let status = try? JSON(parsing: payload)
    switch status?["state"]?.string {
    case "starting":
      finishStreams(ts: ts, to: &output)
      readers[.stdout] = EventReader(profile: status?["agent"]?.string.flatMap { AgentProfiles.builtIn[agent: $0] })
    case "exited", "end", "gap": finishStreams(ts: ts, to: &output)
    default: break
    }
    appendEvent(status.flatMap(StatusText.sentence).map { Array($0.utf8) } ?? Array(payload), ts: ts, to: &output)
  }

  private mutating func appendEvent(_ text: [UInt8], ts: Int64?, to output: inout [UInt8]) {
    endLine(to: &output)
    output.append(contentsOf: Self.time(ts).utf8)
    output.append(contentsOf: " -- ".utf8)
    TerminalText.append(text, to: &output)
    output.append(UInt8(ascii: "\n"))
  }

  // MARK: - Time and mark

  /// Begins a line of a stream, if that one's is not open.
  private mutating func begin(_ stream: LogStream, ts: Int64?, to output: inout [UInt8]) {
    guard open != stream else { return }
    endLine(to: &output)
    open = stream
    output.append(contentsOf: Self.time(ts).utf8)
    switch stream {
    case .stdout, .pty: output.append(contentsOf: "   ".utf8)
    case .stderr: output.append(contentsOf: " ! ".utf8)
    case .stdin: output.append(contentsOf: " > ".utf8)
    }
  }

  private mutating func endLine(to output: inout [UInt8]) {
    guard open != nil else { return }
    open = nil
    output.append(UInt8(ascii: "\n"))
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
