/// What matters to a session of one event of claude's stream-json output.
package struct ClaudeEvent: Sendable, Equatable {
  package var type = ""
  package var subtype = ""
  /// Whether a `result` is an error; that it stands beside `subtype` `success` says nothing.
  package var isError = false
  /// The beginning of a `result`'s text, at most about 256 bytes.
  package var result = ""
  /// The prompt that a `command_lifecycle` is about.
  package var commandUUID = ""
  /// `queued`, `started`, `completed`, `cancelled` of a `command_lifecycle`.
  package var state = ""

  package init() {}
}

/// Reads events out of claude's output lines as they come, in pieces and of any length, in bounded memory: it looks at the
/// members of the outermost object only.
package struct ClaudeEventScanner: Sendable {
  private static let longestName = 32
  private static let longestValue = 256

  private enum Expecting { case name, colon, value, comma }

  private var event = ClaudeEvent()
  private var depth = 0
  private var expecting = Expecting.name
  private var isInString = false
  private var isEscaped = false
  /// The line is no object, or its end was seen.
  private var isOver = false
  private var name: [UInt8] = []
  private var value: [UInt8] = []
  private var valueIsString = false

  package init() {}

  /// Takes the next piece of a line; gives the event when the line has ended and was an object with a `type`.
  package mutating func feed(_ bytes: UnsafeRawBufferPointer, piece: LinePiece) -> ClaudeEvent? {
    if piece.startsLine { self = ClaudeEventScanner() }
    for byte in bytes where !isOver { take(byte) }
    guard piece.endsLine else { return nil }
    defer { self = ClaudeEventScanner() }
    return isOver && !event.type.isEmpty ? event : nil
  }

  private mutating func take(_ byte: UInt8) {
    if isInString { return takeInString(byte) }
    switch byte {
    case UInt8(ascii: "\""):
      isInString = true
      if depth == 1, expecting == .value { valueIsString = true }
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      depth += 1
    case UInt8(ascii: "}"), UInt8(ascii: "]"):
      depth -= 1
      if depth == 0 {
        memberEnded()
        isOver = true
      }
    case UInt8(ascii: ":") where depth == 1: expecting = .value
    case UInt8(ascii: ",") where depth == 1: memberEnded()
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): break
    default:
      if depth == 0 { isOver = true }
      if depth == 1, expecting == .value { keep(byte) }
    }
  }

  private mutating func takeInString(_ byte: UInt8) {
    if isEscaped {
      isEscaped = false
    } else if byte == UInt8(ascii: "\"") {
      isInString = false
      if depth == 1, expecting == .name { expecting = .colon }
      return
    } else if byte == UInt8(ascii: "\\") {
      isEscaped = true
    }
    if depth == 1 { keep(byte) }
  }

  private mutating func keep(_ byte: UInt8) {
    switch expecting {
    case .name where name.count < ClaudeEventScanner.longestName: name.append(byte)
    case .value where value.count < ClaudeEventScanner.longestValue: value.append(byte)
    default: break
    }
  }

  private mutating func memberEnded() {
    switch String(decoding: name, as: UTF8.self) {
    case "type": event.type = text
    case "subtype": event.subtype = text
    case "is_error": event.isError = !valueIsString && value.elementsEqual("true".utf8)
    case "result": event.result = text
    case "command_uuid": event.commandUUID = text
    case "state": event.state = text
    default: break
    }
    name.removeAll(keepingCapacity: true)
    value.removeAll(keepingCapacity: true)
    valueIsString = false
    expecting = .name
  }

  /// The value as a string, without an escape or character that was cut.
  private var text: String {
    guard valueIsString else { return "" }
    var bytes = value
    for _ in 0..<12 {
      if let unescaped = bytes.withUnsafeBytes({ JSONString.unescape($0) }), UTF8Text.isValid(unescaped) {
        return String(decoding: unescaped, as: UTF8.self)
      }
      if bytes.isEmpty { break }
      bytes.removeLast()
    }
    return ""
  }
}
