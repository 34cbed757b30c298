/// A `log` payload read back: which stream, and the exact bytes that stood there.
package struct LogRecord: Sendable, Equatable {
  /// How the content stands in the payload.
  package enum Form: Sendable {
    case text, json, b64
  }

  package let stream: LogStream
  package let form: Form
  /// The line or piece, without a LF.
  package let content: [UInt8]
  /// Whether a LF follows the content.
  package let isTerminated: Bool

  /// Reads a payload; nil if it is no log payload of this version (the hub stores such a one, but nobody can rebuild it).
  package init?(payload: UnsafeRawBufferPointer) {
    var stream: LogStream?
    var form: Form?
    var value: Range<Int> = 0..<0
    var eol = true
    let understood = JSONMembers.forEach(in: payload) { name, range in
      let text = UnsafeRawBufferPointer(rebasing: payload[range])
      switch name {
      case "stream": stream = LogStream(rawValue: String(decoding: text.dropFirst().dropLast(), as: UTF8.self))
      case "text": (form, value) = (.text, range)
      case "json": (form, value) = (.json, range)
      case "b64": (form, value) = (.b64, range)
      case "eol": eol = !text.elementsEqual("false".utf8)
      default: break
      }
    }
    guard understood, let stream, let form else { return nil }
    var content: [UInt8] = []
    switch form {
    case .json: content.append(contentsOf: payload[value])
    case .text, .b64:
      guard payload[value.lowerBound] == UInt8(ascii: "\""), value.count >= 2 else { return nil }
      let inner = UnsafeRawBufferPointer(rebasing: payload[(value.lowerBound + 1)..<(value.upperBound - 1)])
      let decoded =
        form == .text
        ? JSONString.appendUnescaped(inner, to: &content) : Base64.appendDecoded(inner, to: &content)
      guard decoded else { return nil }
    }
    self.stream = stream
    self.form = form
    self.content = content
    self.isTerminated = eol && stream != .pty
  }

  /// Appends the bytes as they stood on the stream, LF included.
  package func appendBytes(to bytes: inout [UInt8]) {
    bytes.append(contentsOf: content)
    if isTerminated { bytes.append(UInt8(ascii: "\n")) }
  }
}
