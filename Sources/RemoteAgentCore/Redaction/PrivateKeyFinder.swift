/// Finds what stands between the first and last line of a private key (RFC 7468, RFC 4880 section 6.2), on lines of their
/// own, in one string, or one event a line.
///
/// The lines that name it stay, and each line between keeps its place, its number and its quotes.
struct PrivateKeyFinder {
  /// What may stand between them, in bytes; beyond it is no key.
  static let longestKey = 256 << 10
  /// The longest run that is taken at once.
  static let longestRun = 4096

  static let headers = ["PRIVATE KEY-----", "PRIVATE KEY BLOCK-----"]
  /// A run that is of a key wherever it stands in a line, and one that begins a key where nothing else does.
  private static let (longRun, beginning) = (40, 20)

  /// How much more may come; nil outside of a key.
  private var left: Int?
  private var hasBegun = false

  /// Takes the text from `from` until `until`, and the places of headers there, in order; tells what is to be hidden.
  ///
  /// Returns where to go on, which may be beyond `until`.
  mutating func find(
    in text: UnsafeRawBufferPointer, headers: [Range<Int>], from: Int, until: Int, _ found: (Range<Int>) -> Void
  ) -> Int {
    var index = from
    var next = 0
    while index < until {
      if left != nil {
        index = takeLine(text, from: index, found)
        continue
      }
      while next < headers.count, headers[next].lowerBound < index { next += 1 }
      guard next < headers.count else { break }
      index = headers[next].upperBound
      if PrivateKeyFinder.begins(text, headers[next]) { (left, hasBegun) = (PrivateKeyFinder.longestKey, false) }
    }
    return max(index, until)
  }

  /// Whether the header is one: `-----BEGIN`, and perhaps the kind, before it.
  private static func begins(_ text: UnsafeRawBufferPointer, _ header: Range<Int>) -> Bool {
    let before = text[max(0, header.lowerBound - 32)..<header.lowerBound]
    guard let dash = before.lastIndex(of: UInt8(ascii: "-")) else { return false }
    let kind = UnsafeRawBufferPointer(rebasing: text[(dash + 1)..<header.lowerBound])
    return kind.starts(with: "BEGIN ".utf8)
      && kind.allSatisfy { $0 == UInt8(ascii: " ") || TokenAlphabet(of: $0).contains(.upperOrDigit) }
  }

  /// Takes a line within a key, or of a long one as much as is read at once.
  private mutating func takeLine(_ text: UnsafeRawBufferPointer, from start: Int, _ found: (Range<Int>) -> Void) -> Int
  {
    let limit = min(text.count, start + PrivateKeyFinder.longestRun)
    var end = start
    while end < limit, text[end] != UInt8(ascii: "\n") { end += 1 }
    let next = end < text.count && text[end] == UInt8(ascii: "\n") ? end + 1 : end
    let room = (left ?? 0) - (next - start)
    left = room > 0 ? room : nil
    var isKey = false
    var last = start
    var index = start
    while index < end {
      let run = PrivateKeyFinder.run(text, from: index, to: end)
      if !run.isEmpty, isKeys(run, of: start..<end, in: text) {
        found(run)
        (isKey, hasBegun, last) = (true, true, run.upperBound)
        // All lines but the last are long.
        if run.count < PrivateKeyFinder.beginning { left = nil }
      }
      index = max(run.upperBound, index + 1)
      if text[run.lowerBound..<end].starts(with: "-----".utf8) {
        left = nil
        return max(run.upperBound, start + 1)
      }
    }
    // After what ends the string that it stands in, or is no key at all, none goes on.
    if isKey ? !isPlain(text, last..<end) : !isBetween(text, start..<end) { left = nil }
    return next
  }

  /// The next run of base64's alphabet, empty where none begins.
  private static func run(_ text: UnsafeRawBufferPointer, from start: Int, to limit: Int) -> Range<Int> {
    var end = start
    while end < limit {
      let byte = text[end]
      guard byte == UInt8(ascii: "=") || TokenAlphabet(of: byte).contains(.base64) else { break }
      end += 1
    }
    return start..<end
  }

  /// Whether a run is of the key: a long one, or one on a line of its own, which a path after a mere mention also is.
  private func isKeys(_ run: Range<Int>, of line: Range<Int>, in text: UnsafeRawBufferPointer) -> Bool {
    let hasUpper = text[run].contains { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
    let hasLower = text[run].contains { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
    if run.count >= PrivateKeyFinder.longRun, hasUpper, hasLower { return true }
    guard hasBegun || (run.count >= PrivateKeyFinder.beginning && hasUpper && hasLower) else { return false }
    return isPlain(text, run.upperBound..<line.upperBound) && isNumber(text, line.lowerBound..<run.lowerBound)
  }

  private func isPlain(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
    text[range].allSatisfy { !TokenAlphabet(of: $0).contains(.letterOrDigit) && $0 != UInt8(ascii: "{") }
  }

  /// Whether it is nothing, marks, or the number that tools put before a line.
  private func isNumber(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
    text[range].allSatisfy { TokenAlphabet(of: $0).contains(.digit) || !TokenAlphabet(of: $0).contains(.letterOrDigit) }
      && range.last.map { !TokenAlphabet(of: text[$0]).contains(.digit) } ?? true
  }

  /// Whether a line may stand within a key without being of it: an empty one, or a header.
  private func isBetween(_ text: UnsafeRawBufferPointer, _ line: Range<Int>) -> Bool {
    isPlain(text, line)
      || text[line].split(separator: UInt8(ascii: ":"), maxSplits: 1).first.map {
        $0.count < 32 && $0.count < line.count
          && $0.allSatisfy { TokenAlphabet(of: $0).contains(.letterOrDigit) || $0 == UInt8(ascii: "-") }
      } ?? false
  }
}
