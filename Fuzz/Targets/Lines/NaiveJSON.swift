/// JSON (RFC 8259) a byte at a time, in the plainest way: what Core's quick scanners are held against.
struct NaiveJSON {
  let text: [UInt8]

  func at(_ index: Int) -> Character? { index < text.count ? Character(Unicode.Scalar(text[index])) : nil }

  func blank(_ start: Int) -> Int {
    var index = start
    while let byte = at(index), [" ", "\t", "\n", "\r"].contains(byte) || byte == "\r\n" { index += 1 }
    return index
  }

  /// The end of a value and its levels: 1 for a scalar or an empty object.
  func value(_ start: Int) -> (end: Int, levels: Int)? {
    guard let first = at(start) else { return nil }
    if first == "{" || first == "[" { return container(start, isObject: first == "{") }
    return scalar(start).map { ($0, 1) }
  }

  private func container(_ start: Int, isObject: Bool) -> (end: Int, levels: Int)? {
    let close: Character = isObject ? "}" : "]"
    var index = blank(start + 1)
    if at(index) == close { return (index + 1, 1) }
    var levels = 0
    while true {
      index = blank(index)
      if isObject {
        guard let name = string(index) else { return nil }
        index = blank(name)
        guard at(index) == ":" else { return nil }
        index = blank(index + 1)
      }
      guard let inner = value(index) else { return nil }
      levels = max(levels, inner.levels)
      index = blank(inner.end)
      if at(index) == close { return (index + 1, levels + 1) }
      guard at(index) == "," else { return nil }
      index += 1
    }
  }

  func scalar(_ start: Int) -> Int? {
    if at(start) == "\"" { return string(start) }
    for literal in ["true", "false", "null"] where text[min(start, text.count)...].starts(with: literal.utf8) {
      return start + literal.utf8.count
    }
    return number(start)
  }

  func number(_ start: Int) -> Int? {
    var index = start
    func digits() -> Int {
      let begin = index
      while index < text.count, text[index] >= 0x30, text[index] <= 0x39 { index += 1 }
      return index - begin
    }
    if at(index) == "-" { index += 1 }
    let startsWithZero = at(index) == "0"
    let whole = digits()
    if whole == 0 || startsWithZero && whole > 1 { return nil }
    if at(index) == "." {
      index += 1
      if digits() == 0 { return nil }
    }
    if at(index) == "e" || at(index) == "E" {
      index += 1
      if at(index) == "+" || at(index) == "-" { index += 1 }
      if digits() == 0 { return nil }
    }
    return index
  }

  /// Past the closing quote of a string that is right in all its bytes but UTF-8.
  func string(_ start: Int) -> Int? {
    guard at(start) == "\"", let quote = quote(start + 1) else { return nil }
    return content(start + 1, quote) == nil ? nil : quote + 1
  }

  /// The first quote that no backslash stands before, whatever else there is.
  func quote(_ start: Int) -> Int? {
    var index = start
    while index < text.count {
      if text[index] == UInt8(ascii: "\"") { return index }
      index += text[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    return nil
  }

  /// What a string's content stands for; nil for a bad escape or a control character.
  func content(_ start: Int, _ end: Int) -> [UInt8]? {
    var units: [UInt8] = []
    var index = start
    while index < end {
      let byte = text[index]
      if byte < 0x20 || byte == UInt8(ascii: "\"") { return nil }
      guard byte == UInt8(ascii: "\\") else {
        units.append(byte)
        index += 1
        continue
      }
      guard index + 1 < end else { return nil }
      let escape = Character(Unicode.Scalar(text[index + 1]))
      if escape == "u" {
        guard let unit = unit(index, end) else { return nil }
        index += 6
        if unit >= 0xD800, unit < 0xDC00, let low = self.unit(index, end), low >= 0xDC00, low < 0xE000 {
          index += 6
          units += Array(String(decoding: [UInt16(unit), UInt16(low)], as: UTF16.self).utf8)
        } else {
          units += Array(String(decoding: [UInt16(unit)], as: UTF16.self).utf8)
        }
        continue
      }
      let plain: [Character: UInt8] = [
        "\"": 0x22, "\\": 0x5C, "/": 0x2F, "b": 8, "t": 9, "n": 10, "f": 12, "r": 13,
      ]
      guard let meant = plain[escape] else { return nil }
      units.append(meant)
      index += 2
    }
    return units
  }

  /// The unit of a `\uXXXX` that begins there.
  private func unit(_ start: Int, _ end: Int) -> Int? {
    guard start + 6 <= end, at(start) == "\\", at(start + 1) == "u" else { return nil }
    var unit = 0
    for index in (start + 2)..<(start + 6) {
      guard text[index] < 0x80, let digit = Character(Unicode.Scalar(text[index])).hexDigitValue else { return nil }
      unit = unit * 16 + digit
    }
    return unit
  }

  /// The end of what begins with a bracket and is balanced, strings passed over.
  func balanced(_ start: Int) -> Int? {
    var open: [UInt8] = []
    var index = start
    while index < text.count {
      switch text[index] {
      case UInt8(ascii: "\""):
        guard let quote = quote(index + 1) else { return nil }
        index = quote
      case UInt8(ascii: "{"): open.append(UInt8(ascii: "}"))
      case UInt8(ascii: "["): open.append(UInt8(ascii: "]"))
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if open.popLast() != text[index] { return nil }
      default: break
      }
      index += 1
      if open.isEmpty { return index }
    }
    return nil
  }

  /// A member's value as the scanners of envelopes take it: brackets balanced, scalars by the grammar.
  func loose(_ start: Int) -> Int? {
    at(start) == "{" || at(start) == "[" ? balanced(start) : scalar(start)
  }
}
