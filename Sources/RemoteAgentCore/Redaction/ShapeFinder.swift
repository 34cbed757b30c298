/// Finds tokens by their shape.
///
/// Only long runs of bytes above those of blanks, quotes, parentheses and commas are looked at: eight bytes at once tell
/// that there is none, which is how most of a text is passed over. In them a token begins where a word does, and a table of
/// pairs tells whether one can.
final class ShapeFinder {
  /// The longest match in bytes.
  static let longestMatch = 8192
  /// What is looked at before a place, to tell whether a token can begin there.
  static let lookBehind = 64

  /// The most bytes of a token before its prefix.
  private static let longestLead = 5
  /// The most bytes of a terminal's colour.
  private static let longestColour = 32

  /// A run has no byte below this: no blank, quote, parenthesis or `*`.
  private static let lowestOfRun: UInt8 = 0x2B
  /// So long that eight aligned bytes are within it.
  private static let shortestRun = 15
  /// A token has at least so many different bytes: none has one that is repeated for an example.
  private static let fewestDifferentBytes = 6

  private struct Rule {
    let prefix: [UInt8]
    let kind: Int
    let body: TokenShape.Body
  }

  private let kinds: UnsafeMutablePointer<TokenAlphabet>
  /// A bit for each pair of bytes that a prefix begins with.
  private let pairs: UnsafeMutablePointer<UInt8>
  /// By the first byte of the prefix.
  private var rules = [[Rule]](repeating: [], count: 256)
  private let authorizationKind: Int
  /// Where each part of the last web token was read, so that no byte is read again from each `eyJ` before it.
  private var parts = [Range<Int>](repeating: 0..<0, count: 5)

  /// - Parameter kind: gives a number for the name of a kind of secret.
  init(_ shapes: [TokenShape], kind: (String) -> Int) {
    kinds = .allocate(capacity: 256)
    for byte in 0...255 { (kinds + byte).initialize(to: TokenAlphabet(of: UInt8(byte))) }
    pairs = .allocate(capacity: 1 << 13)
    pairs.initialize(repeating: 0, count: 1 << 13)
    authorizationKind = kind("authorization")
    for shape in shapes {
      let prefix = Array(shape.prefix.utf8)
      for second in prefix.count > 1 ? [prefix[1]] : Array(0...255) {
        let pair = Int(prefix[0]) << 8 | Int(second)
        pairs[pair >> 3] |= 1 << UInt8(pair & 7)
      }
      rules[Int(prefix[0])].append(Rule(prefix: prefix, kind: kind(shape.kind), body: shape.body))
    }
  }

  deinit {
    kinds.deallocate()
    pairs.deallocate()
  }

  /// Tells the tokens in `text` whose prefixes are at `from` or later, all that begin before `until` and some that begin
  /// later, in order, none within another.
  ///
  /// Returns where the last one ends, or `from`.
  func find(in text: UnsafeRawBufferPointer, from: Int, until: Int, _ found: (Range<Int>, _ kind: Int) -> Void) -> Int {
    var resume = from
    for part in parts.indices { parts[part] = 0..<0 }
    var index = max(0, from - ShapeFinder.shortestRun)
    // A token may begin a little before what tells it.
    let until = min(text.count, until + ShapeFinder.longestLead)
    // A run that begins before `until` may have its first eight bytes after it.
    while index + 8 <= text.count, index < until + ShapeFinder.shortestRun {
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
    let end = min(run.upperBound - 2, until)
    func tryAt(_ index: Int) {
      guard index >= resume, index < end else { return }
      let pair = Int(text[index]) << 8 | Int(text[index + 1])
      guard pairs[pair >> 3] >> UInt8(pair & 7) & 1 == 1, let (token, kind) = longest(in: text, at: index) else {
        return
      }
      found(token, kind)
      resume = max(index + 1, token.upperBound)
    }
    tryAt(run.lowerBound)
    // What follows a percent-encoded byte, or below a terminal's colour, begins a word, too.
    if run.lowerBound > 0, text[run.lowerBound - 1] == UInt8(ascii: "%") { tryAt(run.lowerBound + 2) }
    // A colour before `from` may end after it.
    var index = nextMark(in: text, from: max(run.lowerBound, resume - ShapeFinder.longestColour - 2), to: end)
    while index < end {
      tryAt(index)
      tryAt(index + 1)
      if text[index] == UInt8(ascii: "[") { tryAt(endOfColour(in: text, from: index + 1, to: end)) }
      index = nextMark(in: text, from: max(index + 1, resume - 1), to: end)
    }
    return resume
  }

  /// The first byte from `start` on that is no letter or digit; `end` if there is none before.
  private func nextMark(in text: UnsafeRawBufferPointer, from start: Int, to end: Int) -> Int {
    var index = start
    while index + 8 <= end {
      let marks = Word(text, at: index).neitherLetterNorDigit
      if marks != 0 { return index + marks.trailingZeroBitCount / 8 }
      index += 8
    }
    while index < end, kinds[Int(text[index])].contains(.letterOrDigit) { index += 1 }
    return index
  }

  private func endOfColour(in text: UnsafeRawBufferPointer, from start: Int, to end: Int) -> Int {
    var index = start
    let end = min(end, start + ShapeFinder.longestColour)
    while index < end, kinds[Int(text[index])].contains(.digit) || text[index] == UInt8(ascii: ";") { index += 1 }
    return index + 1
  }

  private func longest(in text: UnsafeRawBufferPointer, at index: Int) -> (Range<Int>, Int)? {
    var best: (Range<Int>, Int)?
    for rule in rules[Int(text[index])] where text.starts(with: rule.prefix, at: index) {
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
      guard let end = run(of: alphabet, length, in: text, from: body) else { return nil }
      return isVaried(text, body..<end) ? start..<end : nil
    case .webToken:
      return webToken(text, at: start)
    case .password:
      return password(text, authority: body)
    case .hook:
      let end = self.end(of: .urlSafe, or: "/", in: text, from: body, atMost: 200)
      guard end - body >= 30, let slash = text.firstIndex(of: UInt8(ascii: "/"), from: body), slash < end else {
        return nil
      }
      return slash + 1..<end
    case .pair(let first, let second):
      guard let stop = run(of: .urlSafe, first, in: text, from: body), stop < text.count,
        text[stop] == UInt8(ascii: "."), let end = run(of: .urlSafe, second, in: text, from: stop + 1)
      else { return nil }
      return start..<end
    case .assigned(let alphabet, let length):
      let isWhole = kinds[Int(rule.prefix[0])].contains(.letterOrDigit)
      let value = value(text, from: body)
      guard isWhole || text.ends(with: "ecret", at: start) || text.ends(with: "ECRET", at: start),
        let end = run(of: alphabet, length, in: text, from: value)
      else { return nil }
      return isVaried(text, value..<end) ? value..<end : nil
    case .marked(let length):
      let begin = start - 5
      guard begin >= 0, text.ends(with: "Q", at: start), kinds[Int(text[start - 2])].contains(.digit),
        (begin..<start).allSatisfy({ kinds[Int(text[$0])].contains(.urlSafe) }),
        begin == 0 || !kinds[Int(text[begin - 1])].contains(.letterOrDigit),
        let end = run(of: .dotted, length, in: text, from: body)
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
      let end = endOfPart(stops.count, in: text, from: index, limit: start + ShapeFinder.longestMatch)
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

  private func endOfPart(_ part: Int, in text: UnsafeRawBufferPointer, from start: Int, limit: Int) -> Int {
    let known = parts[part]
    let from = known.contains(start) ? known.upperBound : start
    let end = from < limit ? end(of: .urlSafe, in: text, from: from, atMost: limit - from) : limit
    parts[part] = (known.contains(start) ? known.lowerBound : start)..<max(end, from)
    return end
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
