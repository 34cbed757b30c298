/// Finds what patterns match: of those that begin first, the longest; then on from its end.
///
/// One pass from the end of the text tells where matches begin, and one from each beginning where it ends: no byte is looked
/// at more often than a match is long, whatever the patterns are.
final class PatternFinder {
  private let backwards: PatternAutomaton
  private let forwards: PatternAutomaton
  private let kind: Int
  private var beginnings: [Int32] = []

  /// - Parameter patterns: at least one.
  init(_ patterns: [RedactionPattern], kind: Int) {
    let node = RedactionPattern.Node.choice(patterns.map(\.node))
    backwards = PatternAutomaton(node, isReversed: true)
    forwards = PatternAutomaton(node, isReversed: false)
    self.kind = kind
  }

  /// Tells the matches in `text` that begin at `from` or later and before `until`; returns where the last one ends, or `from`.
  func find(in text: UnsafeRawBufferPointer, from: Int, until: Int, _ found: (Range<Int>, _ kind: Int) -> Void) -> Int {
    beginnings.removeAll(keepingCapacity: true)
    var state = backwards.begin
    var index = text.count
    while index > from {
      index -= 1
      state = backwards.next(state, text[index])
      if backwards.matches[Int(state)], index < until { beginnings.append(Int32(index)) }
    }
    var resume = from
    for beginning in beginnings.reversed() where beginning >= resume {
      guard let end = end(in: text, from: Int(beginning)) else { continue }
      found(Int(beginning)..<end, kind)
      resume = end
    }
    return resume
  }

  private func end(in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var end: Int?
    var state = forwards.begin
    var index = start
    let limit = min(text.count, start + RedactionPattern.longestMatch)
    while index < limit {
      state = forwards.next(state, text[index])
      if state == PatternAutomaton.dead { break }
      index += 1
      if forwards.matches[Int(state)] { end = index }
    }
    return end
  }
}
