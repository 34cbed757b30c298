/// Tells where the strings of a line that is a JSON object begin and end.
struct StringTracker {
  private var isObject = false
  /// Whether `place` is within a string.
  private(set) var isInString = false
  private var place = 0
  private var isAtStart = true
  private var isEscaped = false

  /// Whether the line begins as an object does; something of it stands at `place`.
  func isObject(in text: UnsafeRawBufferPointer) -> Bool {
    isAtStart && place < text.count ? text[place] == UInt8(ascii: "{") : isObject
  }

  /// Reads on until `end`, if it is not read already.
  mutating func advance(to end: Int, in text: UnsafeRawBufferPointer) {
    guard place < end else { return }
    // What stands before the last line tells nothing of it.
    if let feed = UnsafeRawBufferPointer(rebasing: text[..<end]).lastIndex(of: UInt8(ascii: "\n"), from: place) {
      (isAtStart, isInString, isEscaped, place) = (true, false, false, feed + 1)
    }
    while place < end {
      if !isAtStart, !isObject {
        place = end
        return
      }
      let byte = text[place]
      if isAtStart { isObject = byte == UInt8(ascii: "{") }
      isAtStart = byte == UInt8(ascii: "\n")
      if isAtStart {
        (isInString, isEscaped) = (false, false)
      } else if isEscaped {
        isEscaped = false
      } else if byte == UInt8(ascii: "\"") {
        isInString.toggle()
      } else {
        isEscaped = isInString && byte == UInt8(ascii: "\\")
      }
      place += 1
    }
  }

  /// The next quote from `start`, which is `place`, that begins or ends a string; `end` if there is none before.
  func nextQuote(in text: UnsafeRawBufferPointer, from start: Int, to end: Int) -> Int {
    var ahead = self
    var index = start
    while index < end {
      ahead.advance(to: index + 1, in: text)
      if ahead.isInString != isInString { return index }
      index += 1
    }
    return end
  }

  /// The first bytes of the text are gone.
  mutating func rebase(by count: Int) { place = max(0, place - count) }
}
