import RemoteAgentCore

/// The framers: however the bytes are cut into reads, the same lines come out, within their bounds, and make the bytes again.
enum FramerFuzz {
  static func run(_ input: UnsafeRawBufferPointer) {
    var choices = Choices(input)
    let flags = choices.byte()
    let limit = flags & 3 == 3 ? 131_072 : 4 + choices.number(below: 64)
    let reads = Reads(&choices)
    let bytes = stream(&choices)
    // Small pieces are many.
    lines(Array(bytes.prefix(limit < 131_072 ? 5_000 : 300_000)), limit: limit, isWithinLine: flags & 4 != 0, reads)
    pieces(bytes, text: flags & 8 != 0, isWithinLine: flags & 4 != 0, reads)
  }

  /// What a program could write: literal bytes, line feeds, long runs, characters of several bytes, lines of the line format.
  private static func stream(_ choices: inout Choices) -> [UInt8] {
    var bytes: [UInt8] = []
    while !choices.isEmpty, bytes.count < 20_000 {
      switch choices.number(below: 64) {
      case 0..<20: bytes += choices.bytes(atMost: 255)
      case 20..<30: bytes.append(0x0A)
      case 30..<36: bytes += [UInt8](repeating: choices.byte(), count: choices.number(below: 300))
      case 36..<50:
        let unit: [[UInt8]] = [Array("é".utf8), Array("€".utf8), Array("😀".utf8), [0x80], [0xF0, 0x9F], [0x22], [0]]
        let chosen = unit[choices.number(below: unit.count)]
        for _ in 0..<choices.number(below: 100) { bytes += chosen }
      case 50..<56: bytes += Array(#"{"type":"log","ts":1,"payload":{"stream":"stdout","text":""#.utf8)
      case 56..<63: bytes += Array("\"}}\n".utf8)
      default:
        // Around a bound, seldom and once: each is long, and slow.
        guard choices.number(below: 8) == 7 else { continue }
        let bound = choices.number(below: 4) == 3 ? InputFramer.longestLine : InputFramer.longestPiece
        let filler = choices.byte()
        bytes += [UInt8](repeating: filler == 0x0A ? 0x20 : filler, count: bound - 128 + choices.number(below: 256))
        return bytes + choices.rest()
      }
    }
    return bytes
  }

  /// A read a byte is slow where there are many.
  private static func splits(_ bytes: [UInt8], _ reads: Reads) -> [Reads] {
    bytes.count < 1_000 ? [.whole, reads, .bytewise] : [.whole, reads.times(1 + bytes.count / 500)]
  }

  private struct Line: Equatable {
    let bytes: [UInt8]
    let piece: LinePiece
  }

  private static func lines(_ bytes: [UInt8], limit: Int, isWithinLine: Bool, _ reads: Reads) {
    var outcomes: [[Line]] = []
    for reads in splits(bytes, reads) {
      var framer = LineFramer(limit: limit, isWithinLine: isWithinLine)
      var lines: [Line] = []
      reads.forEach(bytes) { part in
        framer.feed(part) { lines.append(Line(bytes: Array($0), piece: $1)) }
        hold(framer.pendingCount <= limit, "the framer holds more than its limit")
      }
      framer.finish { lines.append(Line(bytes: Array($0), piece: $1)) }
      hold(framer.pendingCount == 0, "the framer holds something after its end")
      outcomes.append(lines)
    }
    for outcome in outcomes.dropFirst() { hold(outcome == outcomes[0], "lines depend on the reads") }
    var rebuilt: [UInt8] = []
    var isWithin = isWithinLine
    for line in outcomes[0] {
      hold(line.bytes.count <= limit, "a piece over the limit")
      hold(!line.bytes.contains(0x0A), "a line feed within a line")
      hold(line.piece.startsLine == !isWithin, "a line's start is told wrong")
      hold(line.piece.endsLine || !line.piece.terminated, "a line that goes on has an end")
      isWithin = !line.piece.endsLine
      rebuilt += line.bytes + (line.piece.terminated ? [0x0A] : [])
    }
    hold(rebuilt == bytes, "the lines are not the bytes")
    // A piece of a line that is UTF-8 is UTF-8.
    if String(validating: bytes, as: UTF8.self) != nil {
      hold(outcomes[0].allSatisfy { UTF8Text.isValid($0.bytes) }, "a cut within a character")
    }
  }

  private static func pieces(_ bytes: [UInt8], text: Bool, isWithinLine: Bool, _ reads: Reads) {
    var outcomes: [[InputLine]] = []
    for reads in splits(bytes, reads) {
      var framer = InputFramer(text: text, isWithinLine: isWithinLine)
      var lines: [InputLine] = []
      reads.forEach(bytes) { part in
        framer.feed(part, now: 7) { lines.append($0) }
        hold(framer.pendingCount <= InputFramer.longestLine, "the framer holds more than its limit")
      }
      framer.finish(now: 7) { lines.append($0) }
      outcomes.append(lines)
    }
    for outcome in outcomes.dropFirst() { hold(outcome == outcomes[0], "pieces depend on the reads") }
    var start = 0
    for line in outcomes[0] {
      hold(start + line.inputBytes <= bytes.count, "more bytes than came")
      let own = bytes[start..<(start + line.inputBytes)]
      start += line.inputBytes
      hold(line.endsLine == (own.last == 0x0A || start == bytes.count), "a line's end is told wrong")
      hold(line.payload.count < 1 << 20, "a payload over 1 MiB")
      let record = line.payload.withUnsafeBytes(LogRecord.init(payload:))
      if let record, record.stream == .stdin {
        var rebuilt: [UInt8] = []
        record.appendBytes(to: &rebuilt)
        hold(rebuilt.elementsEqual(own), "a piece is not its bytes")
      } else {
        hold(!text && own.starts(with: Array("{".utf8)), "a piece is not of its stream")
        hold(own.count <= InputFramer.longestLine + 1, "a line over the longest")
      }
    }
    hold(start == bytes.count, "bytes are missing")
  }
}
