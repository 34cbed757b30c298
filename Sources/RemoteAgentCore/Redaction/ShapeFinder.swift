/// Finds tokens by their shape.
///
/// Only long runs of bytes above those of blanks, quotes, parentheses and commas are looked at: eight bytes at once tell
/// that there is none, which is how most of a text is passed over. In them a table of pairs finds the prefixes.
final class ShapeFinder {
  /// The longest match in bytes.
  static let longestMatch = 8192
  /// What is looked at before a place, to tell whether a token can begin there.
  static let lookBehind = 64

  /// A run has no byte below this: no blank, quote, parenthesis or `*`.
  private static let lowestOfRun: UInt8 = 0x2B
  /// So long that eight aligned bytes are within it.
  private static let shortestRun = 15
  /// A shift of this or more is a bucket's number and this.
  private static let longestShift: UInt8 = 3
  /// A token has at least so many different bytes: none has one that is repeated for an example.
  private static let fewestDifferentBytes = 6

  private struct Rule {
    let prefix: [UInt8]
    let kind: Int
    let body: TokenShape.Body
  }

  private let kinds: UnsafeMutablePointer<TokenAlphabet>
  private let shifts: UnsafeMutablePointer<UInt8>
  private var buckets: [[Rule]] = []
  private let authorizationKind: Int

  /// - Parameter kind: gives a number for the name of a kind of secret.
  init(_ shapes: [TokenShape], kind: (String) -> Int) {
    kinds = .allocate(capacity: 256)
    for byte in 0...255 { (kinds + byte).initialize(to: TokenAlphabet(of: UInt8(byte))) }
    shifts = .allocate(capacity: 1 << 16)
    shifts.initialize(repeating: ShapeFinder.longestShift, count: 1 << 16)
    authorizationKind = kind("authorization")
    var rules: [Int: [Rule]] = [:]
    for shape in shapes {
      let prefix = Array(shape.prefix.utf8)
      precondition(prefix.count >= 3)
      for other in 0...255 { lower(other << 8 | Int(prefix[0]), to: 2) }
      lower(Int(prefix[0]) << 8 | Int(prefix[1]), to: 1)
      let pair = Int(prefix[1]) << 8 | Int(prefix[2])
      lower(pair, to: 0)
      rules[pair, default: []].append(Rule(prefix: prefix, kind: kind(shape.kind), body: shape.body))
    }
    for (pair, rules) in rules {
      shifts[pair] = ShapeFinder.longestShift + 1 + UInt8(buckets.count)
      buckets.append(rules)
    }
  }

  deinit {
    kinds.deallocate()
    shifts.deallocate()
  }

  private func lower(_ pair: Int, to shift: UInt8) { shifts[pair] = min(shifts[pair], shift) }

  /// Tells the tokens in `text` that begin at `from` or later and before `until`, in order, none within another.
  ///
  /// Returns where the last one ends, or `from`.
  func find(in text: UnsafeRawBufferPointer, from: Int, until: Int, _ found: (Range<Int>, _ kind: Int) -> Void) -> Int {
    var resume = from
    var index = max(0, from - ShapeFinder.shortestRun)
    while index + 8 <= text.count, index < until {
      guard Word(text, at: index).below(ShapeFinder.lowestOfRun) == 0 else {
        index += 8
        continue
      }
      var start = index
      while start > 0, text[start - 1] >= ShapeFinder.lowestOfRun { start -= 1 }
      let end = endOfRun(in: text, from: index + 8)
      if end - start >= ShapeFinder.shortestRun {
        resume = search(text, start..<end, from: resume, until: until, found)
      }
      index = end
    }
    return resume
  }

  private func endOfRun(in text: UnsafeRawBufferPointer, from start: Int) -> Int {
    var index = start
    while index + 8 <= text.count {
      let below = Word(text, at: index).below(ShapeFinder.lowestOfRun)
      if below != 0 { return index + below.trailingZeroBitCount / 8 }
      index += 8
    }
    while index < text.count, text[index] >= ShapeFinder.lowestOfRun { index += 1 }
    return index
  }

  private func search(
    _ text: UnsafeRawBufferPointer, _ run: Range<Int>, from: Int, until: Int, _ found: (Range<Int>, Int) -> Void
  ) -> Int {
    var resume = from
    if run.lowerBound >= resume, run.lowerBound < until, let token = credentials(text, at: run.lowerBound) {
      found(token, authorizationKind)
      resume = token.upperBound
    }
    var index = max(run.lowerBound, resume)
    let end = min(run.upperBound - 2, until)
    while index < end {
      let shift = shifts[Int(text[index + 1]) << 8 | Int(text[index + 2])]
      if shift <= ShapeFinder.longestShift {
        index += Int(shift)
      } else if let (token, kind) = longest(in: text, at: index, buckets[Int(shift - ShapeFinder.longestShift - 1)]) {
        found(token, kind)
        index = max(index + 1, token.upperBound)
        resume = index
      } else {
        index += 1
      }
    }
    return resume
  }

  private func longest(in text: UnsafeRawBufferPointer, at index: Int, _ rules: [Rule]) -> (Range<Int>, Int)? {
    var best: (Range<Int>, Int)?
    for rule in rules where text.starts(with: rule.prefix, at: index) {
      guard let token = token(rule, in: text, at: index) else { continue }
      if best.map({ $0.0.upperBound < token.upperBound }) ?? true { best = (token, rule.kind) }
    }
    return best
  }
}

// MARK: - Bodies

extension ShapeFinder {
  private func token(_ rule: Rule, in text: UnsafeRawBufferPointer, at start: Int) -> Range<Int>? {
    let body = start + rule.prefix.count
    switch rule.body {
    case .run(let alphabet, let length):
      guard canBegin(text, at: start), let end = run(of: alphabet, length, in: text, from: body) else { return nil }
      return isVaried(text, body..<end) ? start..<end : nil
    case .webToken:
      return canBegin(text, at: start) ? webToken(text, at: start) : nil
    case .password:
      return password(text, authority: body)
    case .hook:
      let end = self.end(of: .urlSafe, or: "/", in: text, from: body, atMost: 200)
      guard end - body >= 30, let slash = text.firstIndex(of: UInt8(ascii: "/"), from: body), slash < end else {
        return nil
      }
      return slash + 1..<end
    case .pair(let first, let second):
      guard canBegin(text, at: start), let stop = run(of: .urlSafe, first, in: text, from: body), stop < text.count,
        text[stop] == UInt8(ascii: "."), let end = run(of: .urlSafe, second, in: text, from: stop + 1)
      else { return nil }
      return start..<end
    case .assigned(let alphabet, let length):
      let value = value(text, from: body)
      guard let end = run(of: alphabet, length, in: text, from: value) else { return nil }
      return isVaried(text, value..<end) ? value..<end : nil
    case .marked(let before, let after):
      let begin = start - before
      guard begin >= 0, (begin..<start).allSatisfy({ kinds[Int(text[$0])].contains(.urlSafe) }),
        canBegin(text, at: begin), let end = run(of: .dotted, after, in: text, from: body)
      else { return nil }
      return begin..<end
    }
  }

  /// What follows `Bearer`, or `Basic` in a header's line (RFC 9110 section 11.6.2).
  private func credentials(_ text: UnsafeRawBufferPointer, at start: Int) -> Range<Int>? {
    guard start >= 6, text[start - 1] == UInt8(ascii: " ") else { return nil }
    let isBearer = text.ends(with: "earer", at: start - 1)
    guard isBearer || text.ends(with: "asic", at: start - 1) else { return nil }
    let end = end(of: .token68, in: text, from: start, atMost: ShapeFinder.longestMatch)
    let hasDigit = (start..<end).contains { kinds[Int(text[$0])].contains(.digit) }
    let isNamed = (max(0, start - 32)..<start).contains { text.starts(with: Array("uthorization".utf8), at: $0) }
    guard end - start >= (isNamed ? 15 : 20), isNamed || (isBearer && hasDigit), isVaried(text, start..<end) else {
      return nil
    }
    return start..<end
  }

  private func webToken(_ text: UnsafeRawBufferPointer, at start: Int) -> Range<Int>? {
    var stops: [Int] = []
    var index = start
    while stops.count < 5 {
      let end = end(of: .urlSafe, in: text, from: index, atMost: ShapeFinder.longestMatch / 4)
      guard end > index || stops.count == 2 else { break }
      stops.append(end)
      guard end < text.count, text[end] == UInt8(ascii: ".") else { break }
      index = end + 1
    }
    guard stops.count >= 3, stops[0] - start >= 12, stops[1] - stops[0] > 8 else { return nil }
    let isSigned = text.starts(with: Array("eyJ".utf8), at: stops[0] + 1)
    guard isSigned || stops.count == 5 else { return nil }
    return start..<stops[isSigned ? 2 : 4]
  }

  private func password(_ text: UnsafeRawBufferPointer, authority: Int) -> Range<Int>? {
    guard authority >= 4, kinds[Int(text[authority - 4])].contains(.letterOrDigit) else { return nil }
    var colon: Int?
    var at: Int?
    var index = authority
    let limit = min(text.count, authority + 512)
    while index < limit {
      switch text[index] {
      case ...0x20, UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "\""), UInt8(ascii: "'"),
        UInt8(ascii: "`"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"):
        index = limit
      case UInt8(ascii: ":"): if colon == nil { colon = index }
      case UInt8(ascii: "@"): at = index
      default: break
      }
      index += 1
    }
    guard let colon, let at, colon + 4 <= at else { return nil }
    let password = colon + 1..<at
    return isPlaceholder(text, password) ? nil : password
  }

  /// Whether it is a word, or a variable, where examples and templates have a password.
  private func isPlaceholder(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
    if range.contains(where: { "(){}[]<>|^$*".utf8.contains(text[$0]) }) { return true }
    if text[range.lowerBound] == UInt8(ascii: "%"), range.count < 4 { return true }
    let word = String(decoding: text[range], as: UTF8.self).lowercased()
    let first = text[range.lowerBound]
    return ["pass", "password", "passwd", "passw0rd", "pwd", "secret", "token", "redacted"].contains(word)
      || range.allSatisfy { text[$0] == first }
  }
}

// MARK: - Runs

extension ShapeFinder {
  private func end(
    of alphabet: TokenAlphabet, or other: Unicode.Scalar = "\0", in text: UnsafeRawBufferPointer, from start: Int,
    atMost most: Int
  ) -> Int {
    let limit = min(text.count, start + most)
    var index = start
    while index < limit, kinds[Int(text[index])].contains(alphabet) || Unicode.Scalar(text[index]) == other,
      text[index] != 0
    {
      index += 1
    }
    return index
  }

  /// The end of a run of a length that is asked for; nil if it is shorter, or goes on.
  private func run(
    of alphabet: TokenAlphabet, _ length: ClosedRange<Int>, in text: UnsafeRawBufferPointer, from start: Int
  ) -> Int? {
    let end = end(of: alphabet, in: text, from: start, atMost: length.upperBound + 1)
    guard length.contains(end - start) else { return nil }
    return end < text.count && kinds[Int(text[end])].contains(.letterOrDigit) ? nil : end
  }

  /// Where a value begins that is assigned to the name that ends at `start`.
  private func value(_ text: UnsafeRawBufferPointer, from start: Int) -> Int {
    var index = start
    while index < min(text.count, start + 12), " \t\"':=>,".utf8.contains(text[index]) { index += 1 }
    return index
  }

  private func isVaried(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
    var seen: (UInt64, UInt64) = (0, 0)
    for byte in text[range] where byte < 0x80 {
      if byte < 64 { seen.0 |= 1 << UInt64(byte) } else { seen.1 |= 1 << UInt64(byte - 64) }
    }
    return seen.0.nonzeroBitCount + seen.1.nonzeroBitCount >= ShapeFinder.fewestDifferentBytes
  }

  /// Whether a token may begin here: not within a word, save after what stands for something else, a percent-encoded byte
  /// or the end of a terminal's colour.
  private func canBegin(_ text: UnsafeRawBufferPointer, at index: Int) -> Bool {
    guard index > 0, kinds[Int(text[index - 1])].contains(.letterOrDigit) else { return true }
    if index >= 3, text[index - 3] == UInt8(ascii: "%") { return true }
    var begin = index - 1
    guard kinds[Int(text[begin])].isDisjoint(with: .digit) else { return false }
    while begin > max(0, index - 16),
      kinds[Int(text[begin - 1])].contains(.digit) || text[begin - 1] == UInt8(ascii: ";")
    {
      begin -= 1
    }
    return begin > 0 && text[begin - 1] == UInt8(ascii: "[")
  }
}

extension UnsafeRawBufferPointer {
  /// Whether the bytes stand at `index`.
  fileprivate func starts(with bytes: [UInt8], at index: Int) -> Bool {
    guard index + bytes.count <= count else { return false }
    for offset in bytes.indices where self[index + offset] != bytes[offset] { return false }
    return true
  }

  /// Whether the ASCII letters stand just before `end`.
  fileprivate func ends(with letters: StaticString, at end: Int) -> Bool {
    let start = end - letters.utf8CodeUnitCount
    return start >= 0 && UnsafeRawBufferPointer(rebasing: self[start..<end]).equals(letters)
  }
}
