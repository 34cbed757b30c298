/// JSON texts (RFC 8259) checked or skipped without building anything.
package enum JSONGrammar {
  @inline(__always)
  package static func isWhiteSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }

  /// Whether the bytes are exactly one JSON object, with no white space around it and at most `maximumDepth` levels.
  /// That they are valid UTF-8 is the caller's to check.
  package static func isObject(_ text: UnsafeRawBufferPointer, maximumDepth: Int = .max) -> Bool {
    guard text.first == UInt8(ascii: "{"), text.last == UInt8(ascii: "}") else { return false }
    var nesting = Nesting()
    var index = 0
    var expectsValue = true
    while true {
      if expectsValue {
        index = skipWhiteSpace(in: text, from: index)
        guard index < text.count else { return false }
        switch text[index] {
        case UInt8(ascii: "{"):
          nesting.open(isObject: true)
          guard nesting.depth <= maximumDepth else { return false }
          index = skipWhiteSpace(in: text, from: index + 1)
          guard index < text.count else { return false }
          if text[index] == UInt8(ascii: "}") {
            break
          }
          guard let next = skipName(in: text, from: index) else { return false }
          index = next
          continue
        case UInt8(ascii: "["):
          nesting.open(isObject: false)
          guard nesting.depth <= maximumDepth else { return false }
          index = skipWhiteSpace(in: text, from: index + 1)
          guard index < text.count else { return false }
          if text[index] == UInt8(ascii: "]") {
            break
          }
          continue
        default:
          guard let end = endOfScalar(in: text, from: index) else { return false }
          index = end
        }
        expectsValue = false
      }
      index = skipWhiteSpace(in: text, from: index)
      guard index < text.count else { return false }
      switch text[index] {
      case UInt8(ascii: ","):
        index += 1
        if nesting.isInObject {
          guard let next = skipName(in: text, from: skipWhiteSpace(in: text, from: index)) else { return false }
          index = next
        }
        expectsValue = true
      case UInt8(ascii: "}"):
        guard nesting.close(isObject: true) else { return false }
        index += 1
      case UInt8(ascii: "]"):
        guard nesting.close(isObject: false) else { return false }
        index += 1
      default: return false
      }
      if nesting.depth == 0 { return index == text.count }
    }
  }

  /// The end of the balanced object or array that begins at `start`, looking only at brackets and strings; nil if it is
  /// not balanced. Depth is no limit.
  package static func endOfBalanced(in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var nesting = Nesting()
    var index = start
    while index < text.count {
      switch text[index] {
      case UInt8(ascii: "\""):
        guard let end = JSONString.end(in: text, from: index + 1) else { return nil }
        index = end
      case UInt8(ascii: "{"): nesting.open(isObject: true)
      case UInt8(ascii: "["): nesting.open(isObject: false)
      case UInt8(ascii: "}"): guard nesting.close(isObject: true) else { return nil }
      case UInt8(ascii: "]"): guard nesting.close(isObject: false) else { return nil }
      default: break
      }
      index += 1
      if nesting.depth == 0 { return index }
    }
    return nil
  }

  /// The end of the string, number or literal that begins at `start`; nil if there is none.
  package static func endOfScalar(in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard start < text.count else { return nil }
    switch text[start] {
    case UInt8(ascii: "\""): return endOfString(in: text, from: start)
    case UInt8(ascii: "t"): return endOfLiteral("true", in: text, from: start)
    case UInt8(ascii: "f"): return endOfLiteral("false", in: text, from: start)
    case UInt8(ascii: "n"): return endOfLiteral("null", in: text, from: start)
    default: return endOfNumber(in: text, from: start)
    }
  }

  /// The end of the number that begins at `start`; nil if there is none.
  package static func endOfNumber(in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var index = start
    func digits() -> Int {
      var end = index
      while end < text.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[end]) { end += 1 }
      return end
    }
    if index < text.count, text[index] == UInt8(ascii: "-") { index += 1 }
    var end = digits()
    guard end > index, end == index + 1 || text[index] != UInt8(ascii: "0") else { return nil }
    index = end
    if index < text.count, text[index] == UInt8(ascii: ".") {
      index += 1
      end = digits()
      guard end > index else { return nil }
      index = end
    }
    if index < text.count, text[index] | 0x20 == UInt8(ascii: "e") {
      index += 1
      if index < text.count, text[index] == UInt8(ascii: "+") || text[index] == UInt8(ascii: "-") { index += 1 }
      end = digits()
      guard end > index else { return nil }
      index = end
    }
    return index
  }

  package static func skipWhiteSpace(in text: UnsafeRawBufferPointer, from start: Int) -> Int {
    var index = start
    while index < text.count, isWhiteSpace(text[index]) { index += 1 }
    return index
  }

  /// Past the name and the colon of a member that begins at `start`.
  private static func skipName(in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard start < text.count, let end = endOfString(in: text, from: start) else { return nil }
    let colon = skipWhiteSpace(in: text, from: end)
    return colon < text.count && text[colon] == UInt8(ascii: ":") ? colon + 1 : nil
  }

  /// Past the closing quote, if all escapes are right and no control character stands in it.
  private static func endOfString(in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard text[start] == UInt8(ascii: "\"") else { return nil }
    var index = start + 1
    while true {
      index = JSONString.firstSpecial(in: text, from: index)
      guard index < text.count else { return nil }
      if text[index] == UInt8(ascii: "\"") { return index + 1 }
      guard text[index] == UInt8(ascii: "\\"), index + 1 < text.count else { return nil }
      switch text[index + 1] {
      case UInt8(ascii: "u"):
        guard index + 6 <= text.count, text[(index + 2)..<(index + 6)].allSatisfy(isHexDigit) else { return nil }
        index += 6
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
        UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
        index += 2
      default: return nil
      }
    }
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
  }

  private static func endOfLiteral(_ literal: StaticString, in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
    let end = start + literal.utf8CodeUnitCount
    guard end <= text.count else { return nil }
    return UnsafeRawBufferPointer(rebasing: text[start..<end]).equals(literal) ? end : nil
  }
}

/// Which brackets are open: a bit each, so that depth costs next to nothing.
private struct Nesting {
  private(set) var depth = 0
  private var recent: UInt64 = 0
  private var older: [UInt64] = []

  var isInObject: Bool { recent & 1 == 1 }

  mutating func open(isObject: Bool) {
    if depth > 0, depth % 64 == 0 { older.append(recent) }
    recent = recent << 1 | (isObject ? 1 : 0)
    depth += 1
  }

  mutating func close(isObject: Bool) -> Bool {
    guard depth > 0, isInObject == isObject else { return false }
    depth -= 1
    recent >>= 1
    if depth > 0, depth % 64 == 0, let previous = older.popLast() { recent = previous }
    return true
  }
}
