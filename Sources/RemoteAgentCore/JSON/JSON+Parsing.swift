/// Why a text is not JSON.
package struct JSONError: Error, Equatable, CustomStringConvertible {
  package let reason: String
  /// Bytes before the place where it went wrong.
  package let offset: Int

  package var description: String { "\(reason) at byte \(offset)" }
}

extension JSON {
  /// Parses one whole JSON text (RFC 8259); nothing but white space may follow it.
  ///
  /// A lone surrogate escape becomes U+FFFD. Throws beyond `maximumDepth` levels, so that no input exhausts the stack.
  package init(parsing bytes: some Sequence<UInt8>, maximumDepth: Int = 64) throws(JSONError) {
    var parser = JSONParser(bytes: Array(bytes), maximumDepth: maximumDepth)
    self = try parser.parseText()
  }

  package init(parsing text: String, maximumDepth: Int = 64) throws(JSONError) {
    try self.init(parsing: text.utf8, maximumDepth: maximumDepth)
  }
}

private struct JSONParser {
  let bytes: [UInt8]
  let maximumDepth: Int
  var offset = 0

  mutating func parseText() throws(JSONError) -> JSON {
    guard UTF8Text.isValid(bytes) else { throw failure("invalid UTF-8") }
    let value = try parseValue(depth: 0)
    skipWhiteSpace()
    guard offset == bytes.count else { throw failure("more after the end of the value") }
    return value
  }

  private mutating func parseValue(depth: Int) throws(JSONError) -> JSON {
    guard depth < maximumDepth else { throw failure("more than \(maximumDepth) levels") }
    skipWhiteSpace()
    guard let byte = peek() else { throw failure("unexpected end") }
    switch byte {
    case UInt8(ascii: "{"): return try parseObject(depth: depth)
    case UInt8(ascii: "["): return try parseArray(depth: depth)
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "t"): return try parse("true", as: .bool(true))
    case UInt8(ascii: "f"): return try parse("false", as: .bool(false))
    case UInt8(ascii: "n"): return try parse("null", as: .null)
    default: return try parseNumber()
    }
  }

  private mutating func parseObject(depth: Int) throws(JSONError) -> JSON {
    offset += 1
    var members: [JSON.Member] = []
    skipWhiteSpace()
    if take("}") { return .object(members) }
    while true {
      skipWhiteSpace()
      guard peek() == UInt8(ascii: "\"") else { throw failure("expected a member's name") }
      let name = try parseString()
      skipWhiteSpace()
      guard take(":") else { throw failure("expected ':'") }
      members.append(JSON.Member(name, try parseValue(depth: depth + 1)))
      skipWhiteSpace()
      if take("}") { return .object(members) }
      guard take(",") else { throw failure("expected ',' or '}'") }
    }
  }

  private mutating func parseArray(depth: Int) throws(JSONError) -> JSON {
    offset += 1
    var values: [JSON] = []
    skipWhiteSpace()
    if take("]") { return .array(values) }
    while true {
      values.append(try parseValue(depth: depth + 1))
      skipWhiteSpace()
      if take("]") { return .array(values) }
      guard take(",") else { throw failure("expected ',' or ']'") }
    }
  }

  private mutating func parseString() throws(JSONError) -> String {
    let result = bytes.withUnsafeBytes { (raw) -> (end: Int, text: String)? in
      guard let end = JSONString.end(in: raw, from: offset + 1),
        let content = JSONString.unescape(UnsafeRawBufferPointer(rebasing: raw[(offset + 1)..<end]))
      else { return nil }
      return (end, String(decoding: content, as: UTF8.self))
    }
    guard let result else { throw failure("bad string") }
    offset = result.end + 1
    return result.text
  }

  private mutating func parseNumber() throws(JSONError) -> JSON {
    let end = bytes.withUnsafeBytes { JSONGrammar.endOfNumber(in: $0, from: offset) }
    guard let end else { throw failure("expected a value") }
    defer { offset = end }
    return .number(String(decoding: bytes[offset..<end], as: UTF8.self))
  }

  private mutating func parse(_ literal: String, as value: JSON) throws(JSONError) -> JSON {
    guard bytes[offset...].starts(with: literal.utf8) else { throw failure("expected a value") }
    offset += literal.utf8.count
    return value
  }

  private func peek() -> UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: scalar) else { return false }
    offset += 1
    return true
  }

  private mutating func skipWhiteSpace() {
    while let byte = peek(), JSONGrammar.isWhiteSpace(byte) { offset += 1 }
  }

  private func failure(_ reason: String) -> JSONError { JSONError(reason: reason, offset: offset) }
}
