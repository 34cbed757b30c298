/// Hides secrets in a stream of bytes: each is replaced by a marker, and every other byte passes as it is.
///
/// - A line waits for its end, as it does in a `LineFramer` anyway; what is found does not depend on how the bytes were
///   cut into reads. Of a line of more than `limit` bytes, what can no longer be within a secret passes.
/// - Secrets are looked for with escapes undone (`NormalizedText`), within a line; private keys over lines.
/// - Where a line is a JSON object, it remains one: quotes that end strings stay, and so do the marks between strings; a
///   number or word there is hidden as a whole, by a string.
package struct Redactor {
  /// The most bytes that are held; a secret of more than 4096 bytes, with its escapes, may pass in part.
  package static let limit = 131_072

  /// How many markers were written.
  package private(set) var count = 0

  /// A longer number or word of an object may be left in part.
  private static let longestScalar = 512

  private let rules: RedactionRules
  /// What of the line is held, and before it what has passed already and may still be looked back at.
  private var held: [UInt8] = []
  private var passed = 0
  /// What was found already of what is held.
  private var carried: [Finding] = []
  /// Whether nothing was written after the last marker: it stands for what is hidden next, too.
  private var endsWithMarker = false
  private var resume = Resume()
  private var keys = PrivateKeyFinder()
  private var strings = StringTracker()
  private let text = NormalizedText()
  private var findings: [Finding] = []

  /// From where each search goes on, in bytes of `held`.
  private struct Resume {
    var shapes = 0
    var keys = 0
    var patterns = 0
  }

  private struct Finding {
    var range: Range<Int>
    let kind: Int
  }

  package init(_ rules: RedactionRules) { self.rules = rules }

  /// Takes the next bytes and hands over what may pass; a part is good only within the call.
  package mutating func feed(_ bytes: UnsafeRawBufferPointer, _ emit: (UnsafeRawBufferPointer) -> Void) {
    guard let first = bytes.firstIndex(of: UInt8(ascii: "\n"), from: 0),
      let last = bytes.lastIndex(of: UInt8(ascii: "\n"), from: first)
    else { return hold(bytes, emit) }
    var start = 0
    if !held.isEmpty {
      start = first + 1
      hold(UnsafeRawBufferPointer(rebasing: bytes[..<start]), emit)
      endLine(emit)
    }
    if start <= last { pass(UnsafeRawBufferPointer(rebasing: bytes[start...last]), until: nil, emit) }
    hold(UnsafeRawBufferPointer(rebasing: bytes[(last + 1)...]), emit)
  }

  /// Hands over the rest: the stream has ended.
  package mutating func finish(_ emit: (UnsafeRawBufferPointer) -> Void) {
    endLine(emit)
    keys = PrivateKeyFinder()
    endsWithMarker = false
  }

  /// Text of its own with its secrets hidden; they are counted.
  package mutating func redact(_ text: String) -> String {
    var other = Redactor(rules)
    var bytes: [UInt8] = []
    var text = text
    text.withUTF8 { other.feed(UnsafeRawBufferPointer($0)) { bytes.append(contentsOf: $0) } }
    other.finish { bytes.append(contentsOf: $0) }
    guard other.count > 0 else { return text }
    count += other.count
    return String(decoding: bytes, as: UTF8.self)
  }

  private mutating func hold(_ bytes: UnsafeRawBufferPointer, _ emit: (UnsafeRawBufferPointer) -> Void) {
    var start = 0
    while start < bytes.count {
      let taken = min(Redactor.limit - held.count, bytes.count - start)
      held.append(bytes, start..<(start + taken))
      start += taken
      if held.count == Redactor.limit { passBeginning(emit) }
    }
  }

  private mutating func endLine(_ emit: (UnsafeRawBufferPointer) -> Void) {
    guard !held.isEmpty else { return }
    var line: [UInt8] = []
    swap(&line, &held)
    line.withUnsafeBytes { pass($0, until: nil, emit) }
    line.removeAll(keepingCapacity: true)
    swap(&line, &held)
  }

  /// Passes what of a long line is decided.
  private mutating func passBeginning(_ emit: (UnsafeRawBufferPointer) -> Void) {
    var line: [UInt8] = []
    swap(&line, &held)
    line.withUnsafeBytes { line in
      let decided = text.read(line).count - ShapeFinder.longestMatch - ShapeFinder.lookBehind
      let end = beforeScalar(line, text.rawStart(of: decided))
      let first = text.rawStart(of: max(0, text.index(ofRaw: end) - ShapeFinder.lookBehind))
      let begin = text.evenStart(line, first)
      pass(line, until: end, emit)
      held.append(line, begin..<line.count)
      passed = end - begin
      for index in carried.indices {
        let range = carried[index].range
        carried[index].range = range.lowerBound - begin..<range.upperBound - begin
      }
      resume.shapes = max(0, resume.shapes - begin)
      resume.keys = max(0, resume.keys - begin)
      resume.patterns = max(0, resume.patterns - begin)
      strings.rebase(by: begin)
    }
  }

  /// Where a number or word of an object begins that `end` is within, which is hidden as a whole; `end` where none is.
  private func beforeScalar(_ line: UnsafeRawBufferPointer, _ end: Int) -> Int {
    var strings = strings
    strings.advance(to: end, in: line)
    guard strings.isObject(in: line), !strings.isInString else { return end }
    var start = end
    while start > passed, end - start < Redactor.longestScalar, JSONScalar.has(line[start - 1]) { start -= 1 }
    // What follows a backslash is no number, and perhaps an escape.
    return start > passed && line[start - 1] != UInt8(ascii: "\\") ? start : end
  }

  /// Searches whole lines, or what is held of a long one, and hands over what stands before `until`.
  private mutating func pass(
    _ raw: UnsafeRawBufferPointer, until end: Int?, _ emit: (UnsafeRawBufferPointer) -> Void
  ) {
    search(text.read(raw), text, until: end)
    if !findings.isEmpty {
      // A text with an escaped line feed is no text over two lines.
      findings.removeAll { raw[$0.range].contains(UInt8(ascii: "\n")) }
      findings.sort { ($0.range.lowerBound, $1.range.upperBound) < ($1.range.lowerBound, $0.range.upperBound) }
    }
    write(raw, until: end ?? raw.count, emit)
    if let end { return strings.advance(to: end, in: raw) }
    (passed, resume, strings) = (0, Resume(), StringTracker())
  }

  private mutating func search(_ bytes: UnsafeRawBufferPointer, _ text: NormalizedText, until end: Int?) {
    findings.removeAll(keepingCapacity: true)
    let begin = text.index(ofRaw: passed)
    let until = end.map { text.index(ofRaw: $0) } ?? bytes.count
    var findings = self.findings
    self.findings = []
    func found(_ range: Range<Int>, _ kind: Int) {
      findings.append(
        Finding(range: text.rawStart(of: range.lowerBound)..<text.rawEnd(of: range.upperBound), kind: kind))
    }
    var headers: [Range<Int>] = []
    rules.needles.find(in: bytes, from: begin, until: until) { range, kind in
      if kind == RedactionRules.privateKey { headers.append(range) } else { found(range, kind) }
    }
    findings.append(contentsOf: carried)
    carried.removeAll(keepingCapacity: true)
    if let shapes = rules.shapes {
      let from = max(begin, text.index(ofRaw: resume.shapes))
      resume.shapes = text.rawEnd(of: shapes.find(in: bytes, from: from, until: until, found))
      let keysFrom = max(begin, text.index(ofRaw: resume.keys))
      let keysResume = keys.find(in: bytes, headers: headers, from: keysFrom, until: until) {
        found($0, RedactionRules.privateKey)
      }
      resume.keys = text.rawEnd(of: keysResume)
    }
    if let patterns = rules.patterns {
      let from = max(begin, text.index(ofRaw: resume.patterns))
      resume.patterns = text.rawEnd(of: patterns.find(in: bytes, from: from, until: until, found))
    }
    self.findings = findings
  }

  private mutating func write(
    _ raw: UnsafeRawBufferPointer, until end: Int, _ emit: (UnsafeRawBufferPointer) -> Void
  ) {
    var place = passed
    for finding in findings where finding.range.upperBound > place {
      let range = max(finding.range.lowerBound, place)..<finding.range.upperBound
      if range.lowerBound < end {
        place = hide(range.lowerBound..<min(range.upperBound, end), after: place, in: raw, finding.kind, emit)
      }
      let (next, last) = (max(range.lowerBound, end), max(range.upperBound, place))
      if next < last { carried.append(Finding(range: next..<last, kind: finding.kind)) }
    }
    if place < end { show(place..<end, of: raw, emit) }
  }

  private mutating func show(
    _ range: Range<Int>, of raw: UnsafeRawBufferPointer, _ emit: (UnsafeRawBufferPointer) -> Void
  ) {
    guard !range.isEmpty else { return }
    emit(UnsafeRawBufferPointer(rebasing: raw[range]))
    endsWithMarker = false
  }

  private mutating func mark(_ kind: Int, isQuoted: Bool = false, _ emit: (UnsafeRawBufferPointer) -> Void) {
    guard !endsWithMarker else { return }
    let marker = rules.markers[kind]
    (isQuoted ? [UInt8(ascii: "\"")] + marker + [UInt8(ascii: "\"")] : marker).withUnsafeBytes { emit($0) }
    count += 1
    endsWithMarker = true
  }

  /// Hands over what stands from `place` to the range, and writes a marker for what is in it, or, in an object, one in each
  /// of its strings and for each value between. Returns where what is hidden ends.
  private mutating func hide(
    _ range: Range<Int>, after place: Int, in raw: UnsafeRawBufferPointer, _ kind: Int,
    _ emit: (UnsafeRawBufferPointer) -> Void
  ) -> Int {
    strings.advance(to: range.lowerBound, in: raw)
    guard strings.isObject(in: raw) else {
      show(place..<range.lowerBound, of: raw, emit)
      mark(kind, emit)
      return range.upperBound
    }
    var place = place
    var index = range.lowerBound
    while index < range.upperBound {
      let quote = strings.nextQuote(in: raw, from: index, to: range.upperBound)
      if strings.isInString, quote > index {
        show(place..<index, of: raw, emit)
        mark(kind, emit)
        place = quote
      } else if quote > index {
        place = hideValues(index..<quote, after: place, in: raw, kind, emit)
      }
      index = min(quote + 1, range.upperBound)
      if quote < index { show(place..<index, of: raw, emit) }
      place = max(place, index)
      strings.advance(to: index, in: raw)
    }
    return place
  }

  /// The same for what is between the strings of an object: strings stand for its numbers and words. It is as any text if
  /// that is not what is in it.
  private mutating func hideValues(
    _ range: Range<Int>, after place: Int, in raw: UnsafeRawBufferPointer, _ kind: Int,
    _ emit: (UnsafeRawBufferPointer) -> Void
  ) -> Int {
    let values = JSONScalar.runs(in: raw, over: range, from: place)
    guard values.allSatisfy({ JSONScalar.isOne(raw[$0]) }) else {
      show(place..<range.lowerBound, of: raw, emit)
      mark(kind, emit)
      return range.upperBound
    }
    var place = place
    for value in values {
      show(place..<value.lowerBound, of: raw, emit)
      mark(kind, isQuoted: true, emit)
      place = value.upperBound
    }
    if place < range.upperBound { show(place..<range.upperBound, of: raw, emit) }
    return max(place, range.upperBound)
  }
}
