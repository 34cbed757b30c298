package import RemoteAgentCore

/// What `ra-hub logs` makes of a session's envelopes, one at a time.
package struct LogPrinter {
  package enum Form: Sendable, Equatable {
    /// For people: ``LogText``.
    case text
    /// The envelopes as they are stored, a line each.
    case lines
    /// The same as one JSON array.
    case array
    /// The exact bytes of one stream.
    case raw(LogStream)
  }

  private let form: Form
  private let isTerminal: Bool
  private var text: LogText
  private var isFirst = true

  /// - Parameter isTerminal: whether a person's terminal gets the output: then agents' control characters are shown as
  ///   escapes, in every form.
  package init(form: Form, isTerminal: Bool) {
    self.form = form
    self.isTerminal = isTerminal
    text = LogText(isTerminal: isTerminal)
  }

  /// Appends what an envelope's line is to print.
  package mutating func append(_ envelope: [UInt8], to output: inout [UInt8]) {
    switch form {
    case .text: text.append(envelope, to: &output)
    case .lines:
      appendHarmless(envelope, to: &output)
      output.append(UInt8(ascii: "\n"))
    case .array:
      output.append(contentsOf: (isFirst ? "[" : ",\n ").utf8)
      appendHarmless(envelope, to: &output)
    case .raw(let stream):
      var bytes: [UInt8] = []
      RawStream(stream).append(envelope, to: &bytes)
      appendHarmless(bytes, keepsLines: true, to: &output)
    }
    isFirst = false
  }

  /// Appends what is missing at the end of the log: the end of an open line, or of the array.
  package mutating func finish(to output: inout [UInt8]) {
    switch form {
    case .text: text.finish(to: &output)
    case .array: output.append(contentsOf: (isFirst ? "[]\n" : "]\n").utf8)
    case .lines, .raw: break
    }
  }

  private func appendHarmless(_ bytes: [UInt8], keepsLines: Bool = false, to output: inout [UInt8]) {
    if isTerminal {
      TerminalText.append(bytes, keepsLines: keepsLines, to: &output)
    } else {
      output.append(contentsOf: bytes)
    }
  }
}
