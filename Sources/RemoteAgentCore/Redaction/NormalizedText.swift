/// Text with its escapes undone, and the way back to where each byte stood.
///
/// Whether a line is JSON, JSON in a JSON string, or text with backslashes is not asked: up to eight backslashes before
/// `uXXXX`, `/`, `n`, `r`, `t`, `b`, `f`, `"` or `'` are one escape. So a secret is found whatever it is quoted in. A text
/// may begin anywhere but within an escape or a pair of backslashes (`evenStart`), and reads the same.
///
/// One value is used for text after text, so that its memory is.
final class NormalizedText {
  /// The most bytes that stand for one.
  private static let mostBackslashes = 8

  private struct Escape {
    let start: Int32
    let end: Int32
    let rawStart: Int32
    let rawEnd: Int32
  }

  private var storage = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 1)
  private var escapes = UnsafeMutableBufferPointer<Escape>.allocate(capacity: 64)
  private var escapeCount = 0

  deinit {
    storage.deallocate()
    escapes.deallocate()
  }

  /// Reads a text of less than 2 GiB in place of the last one, and returns it with its escapes undone, which is good until
  /// the next is read: itself, where there are none.
  func read(_ raw: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    escapeCount = 0
    var (copied, index, count) = (0, 0, 0)
    while let first = raw.firstIndex(of: UInt8(ascii: "\\"), from: index) {
      var last = first + 1
      while last < raw.count, raw[last] == UInt8(ascii: "\\") { last += 1 }
      index = last
      guard last < raw.count, let scalar = NormalizedText.scalar(in: raw, at: last) else { continue }
      // What stays before it is whole pairs, so that none of them escapes what is put in its place.
      let begin = first + (max(0, last - first - NormalizedText.mostBackslashes) + 1) / 2 * 2
      index = last + (raw[last] == UInt8(ascii: "u") ? 5 : 1)
      // What it becomes is never longer.
      if storage.count < raw.count { grow(to: raw.count) }
      count += copy(raw, copied..<begin, to: count)
      copied = index
      let start = count
      if scalar.isASCII {
        storage[count] = UInt8(truncatingIfNeeded: scalar.value)
        count += 1
      } else {
        for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
          storage[count] = byte
          count += 1
        }
      }
      note(Escape(start: Int32(start), end: Int32(count), rawStart: Int32(begin), rawEnd: Int32(index)))
    }
    guard escapeCount > 0 else { return raw }
    count += copy(raw, copied..<raw.count, to: count)
    return UnsafeRawBufferPointer(rebasing: storage[..<count])
  }

  private func copy(_ raw: UnsafeRawBufferPointer, _ range: Range<Int>, to place: Int) -> Int {
    if !range.isEmpty {
      UnsafeMutableRawBufferPointer(rebasing: storage[place...]).copyMemory(
        from: UnsafeRawBufferPointer(rebasing: raw[range]))
    }
    return range.count
  }

  private func grow(to count: Int) {
    storage.deallocate()
    storage = .allocate(byteCount: count, alignment: 1)
  }

  private func note(_ escape: Escape) {
    if escapeCount == escapes.count {
      let more = UnsafeMutableBufferPointer<Escape>.allocate(capacity: escapeCount * 2)
      _ = more.initialize(from: escapes)
      escapes.deallocate()
      escapes = more
    }
    escapes.initializeElement(at: escapeCount, to: escape)
    escapeCount += 1
  }

  /// Where in what was read the byte at `index` begins.
  func rawStart(of index: Int) -> Int {
    guard let escape = last(where: { Int($0.start) <= index }) else { return index }
    return index < escape.end ? Int(escape.rawStart) : Int(escape.rawEnd) + index - Int(escape.end)
  }

  /// Where in what was read the byte before `index` ends.
  func rawEnd(of index: Int) -> Int {
    guard let escape = last(where: { $0.start < index }) else { return index }
    return index <= escape.end ? Int(escape.rawEnd) : Int(escape.rawEnd) + index - Int(escape.end)
  }

  /// The first byte that does not begin before `raw`.
  func index(ofRaw raw: Int) -> Int {
    guard let escape = last(where: { $0.rawStart < raw }) else { return raw }
    return raw <= escape.rawEnd ? Int(escape.end) : Int(escape.end) + raw - Int(escape.rawEnd)
  }

  /// The place, or the one before it if it is the second of a pair of backslashes.
  func evenStart(_ raw: UnsafeRawBufferPointer, _ place: Int) -> Int {
    var first = place
    guard place < raw.count, raw[place] == UInt8(ascii: "\\") else { return place }
    while first > 0, raw[first - 1] == UInt8(ascii: "\\") { first -= 1 }
    return place - (place - first) % 2
  }

  /// The last escape of those at the beginning for which something holds.
  private func last(where holds: (Escape) -> Bool) -> Escape? {
    var low = 0
    var high = escapeCount
    while low < high {
      let middle = (low + high) / 2
      if holds(escapes[middle]) { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? nil : escapes[low - 1]
  }

  private static func scalar(in raw: UnsafeRawBufferPointer, at index: Int) -> Unicode.Scalar? {
    switch raw[index] {
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "'"): return "'"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "u"):
      // A surrogate is left as it stands.
      return JSONString.hexUnit(in: raw, at: index + 1).flatMap { Unicode.Scalar($0) }
    default: return nil
    }
  }
}
